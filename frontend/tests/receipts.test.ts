/** What became of a message, and what this device tells of what came to it. */

import { describe, expect, test } from 'vitest';

import { apply, initialState, receiptOf, type State, type StateEvent } from '../src/client';
import { catchup, conversation, ME, message, outgoing, participant, read, sender } from './make';
import { backend, clientOf, inView, ready, texts } from './server/rig';
import { until } from './server/until';

const mine = message(5, { sender: sender(ME) });

function group(...others: ReturnType<typeof participant>[]) {
  return conversation({ kind: 'GROUP', participants: [participant(ME), ...others] });
}

describe('a receipt', () => {
  const reader = participant('ana', 6, { readAt: '2026-01-01T12:00:00.000Z' });
  const holder = participant('ben', 2, { deliveredSeq: 5, deliveredAt: '2026-01-01T11:00:00.000Z' });
  const away = participant('cem', 4, { deliveredSeq: 4 });

  test('is sent, then delivered, then read, between two', () => {
    const between = (one: ReturnType<typeof participant>) => receiptOf(conversation({ participants: [participant(ME), one] }), mine, ME);
    expect(between(away).status).toBe('sent');
    expect(between(holder)).toMatchObject({ status: 'delivered', delivered: [{ userId: 'ben', at: '2026-01-01T11:00:00.000Z' }] });
    expect(between(reader)).toMatchObject({ status: 'read', read: [{ userId: 'ana', name: 'ana', at: '2026-01-01T12:00:00.000Z' }] });
  });

  test('of a group says who has it how far, and its status is what holds for all', () => {
    expect(receiptOf(group(reader, holder, away), mine, ME)).toMatchObject({
      status: 'sent',
      others: 3,
      read: [{ userId: 'ana' }],
      delivered: [{ userId: 'ben' }],
      unreached: [{ userId: 'cem' }],
    });
    expect(receiptOf(group(reader, holder), mine, ME).status).toBe('delivered');
    expect(receiptOf(group(reader, { ...reader, userId: 'dea' }), mine, ME).status).toBe('read');
  });

  test('of what is not stored yet says so', () => {
    expect(receiptOf(group(reader), outgoing({ status: 'sending' }), ME)).toMatchObject({ status: 'sending', read: [] });
  });

  test('where nobody else is, stays at sent', () => {
    expect(receiptOf(conversation({ participants: [participant(ME)] }), mine, ME).status).toBe('sent');
  });
});

describe('marks', () => {
  const you = (state: State) => state.conversations['c']?.participants[1];
  const after = (...events: StateEvent[]) => events.reduce(apply, initialState(ME));
  const known: StateEvent = { type: 'conversation_loaded', conversation: conversation({ seq: 9 }) };
  const delivered = (deliveredSeq: number, deliveredAt = '2026-01-01T10:00:00.000Z'): StateEvent => ({ type: 'message_delivered', payload: { conversationId: 'c', userId: 'you', deliveredSeq, deliveredAt } });

  test('go forward with their times and never back', () => {
    const state = after(known, delivered(4), delivered(2, '2026-01-01T11:00:00.000Z'));
    expect(you(state)).toMatchObject({ deliveredSeq: 4, deliveredAt: '2026-01-01T10:00:00.000Z' });
  });

  test('of reading are of delivery too', () => {
    const state = after(known, { type: 'message_read', payload: read('you', 4, { readAt: '2026-01-01T10:00:00.000Z' }) });
    expect(you(state)).toMatchObject({ readSeq: 4, deliveredSeq: 4, deliveredAt: '2026-01-01T10:00:00.000Z' });
  });

  test('come with a catch-up', () => {
    const marks = { you: { readSeq: 3, readAt: '2026-01-01T10:00:00.000Z', deliveredSeq: 7, deliveredAt: '2026-01-01T11:00:00.000Z' } };
    expect(you(after(known, { type: 'caught_up', conversationId: 'c', after: 9, catchup: catchup({ marks }) }))).toMatchObject(marks.you);
  });

  test('of a system message count nothing as unread', () => {
    expect(after(known, { type: 'message_received', payload: message(10, { type: 'SYSTEM' }) }).conversations['c']?.unread).toBe(0);
  });
});

describe('what comes to this device', () => {
  test('is told in one command for all conversations, and the sender sees it', async () => {
    const [one, two] = [backend.world.create(['ana', 'ben']), backend.world.create(['ana', 'cem'])];
    const [ana, ben] = [clientOf('ana', { timing: { deliverySpacingMs: 50 } }), clientOf('ben')];
    await Promise.all([ready(ana), ready(ben)]);
    await inView(ben, one, 'ben');
    for (let n = 1; n <= 3; n += 1) backend.world.send(one, 'ben', `n${n}`);
    backend.world.send(two, 'cem', 'hello');
    const seen = () => ben.store.get().conversations[one]?.participants.find(({ userId }) => userId === 'ana')?.deliveredSeq;
    await until('told', () => seen() === 3);
    const told = backend.commands.filter(({ name, body }) => name === 'mark_delivered' && one in body.conversations);
    expect(told).toMatchObject([{ body: { conversations: { [one]: 3, [two]: 1 } } }]);
  });

  test('and one’s own messages are not told', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const ana = clientOf('ana');
    await ready(ana);
    ana.send(id, 'mine');
    await until('stored', () => ana.store.get().outbox.length === 0);
    backend.world.send(id, 'ben', 'theirs');
    await until('told', () => backend.commands.some(({ name }) => name === 'mark_delivered'));
    expect(backend.commands.filter(({ name }) => name === 'mark_delivered')).toMatchObject([{ body: { conversations: { [id]: 2 } } }]);
  });

  test('behind a gap is told once the gap is closed', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const ana = clientOf('ana');
    await ready(ana);
    await inView(ana, id, 'ana');
    backend.lose = (event) => event === 'message_received';
    backend.world.send(id, 'ben', 'lost');
    backend.lose = () => false;
    backend.world.send(id, 'ben', 'noticed');
    await until('told', () => backend.commands.find(({ name, body }) => name === 'mark_delivered' && body.conversations[id] === 2));
    expect(texts(ana, id)).toEqual(['lost', 'noticed']);
  });

  test('while there was no connection is told after it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const ana = clientOf('ana');
    await ready(ana);
    backend.cut('ana');
    backend.world.send(id, 'ben', 'while away');
    await until('told', () => backend.commands.some(({ name, body }) => name === 'mark_delivered' && body.conversations[id] === 1));
  });

  test('who keeps their reading to themselves has none told of it, and no unread left', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const [ana, ben] = [clientOf('ana'), clientOf('ben')];
    await Promise.all([ready(ana), ready(ben)]);
    await inView(ben, id, 'ben');
    await ana.changeSettings({ sendReadReceipts: false });
    expect(ana.store.get().settings).toEqual({ sharePresence: true, sendReadReceipts: false });
    backend.world.send(id, 'ben', 'hello');
    await until('arrived', () => ana.store.get().totalUnread === 1);
    ana.markRead(id, 1);
    const mine = () => ben.store.get().conversations[id]?.participants.find(({ userId }) => userId === 'ana');
    await until('delivered', () => mine()?.deliveredSeq === 1);
    await until('read', () => backend.world.seen(id, 'ana').unread === 0);
    expect(mine()?.readSeq).toBe(0);
    expect(ana.store.get().totalUnread).toBe(0);
  });
});
