/** Groups, against a server that keeps the contract, over real sockets. */

import { beforeEach, describe, expect, test } from 'vitest';

import { apply, initialState, isOwner, type MessagingClient, type StateEvent } from '../src/client';
import { conversation, ME, message } from './make';
import { backend, clientOf, inView, ready, texts } from './server/rig';
import { until } from './server/until';

describe('a group', () => {
  let ana: MessagingClient;
  let ben: MessagingClient;
  let id: string;

  beforeEach(async () => {
    [ana, ben] = [clientOf('ana'), clientOf('ben')];
    await Promise.all([ready(ana), ready(ben)]);
    id = (await ana.groups.create({ title: 'Olives', participantIds: ['ben'], historyVisible: true })).id;
    await until('known', () => ben.store.get().conversations[id]);
  });

  const people = (client: MessagingClient) => client.store.get().conversations[id]?.participants.map(({ userId }) => userId);

  test('of two is a group, and who made it owns it', () => {
    const made = ana.store.get().conversations[id];
    expect(made).toMatchObject({ kind: 'GROUP', title: 'Olives', historyVisible: true });
    expect(made && [isOwner(made, 'ana'), isOwner(made, 'ben')]).toEqual([true, false]);
  });

  test('lets people in: they and all others know it, and a line in the talk says it', async () => {
    const cem = clientOf('cem');
    await ready(cem);
    await inView(ben, id, 'ben');
    await ana.groups.add(id, ['cem']);
    await until('cem knows', () => cem.store.get().conversations[id]);
    await until('ben knows', () => people(ben)?.includes('cem'));
    await until('the line', () => texts(ben, id).includes('added'));
    expect(ben.store.get().positions[id]?.behind).toBe(false);
  });

  test('takes people out: theirs is gone, with who did it, and nothing late brings it back', async () => {
    const leave = await inView(ben, id, 'ben');
    await ana.groups.remove(id, 'ben');
    await until('out', () => ben.store.get().gone[id]?.reason === 'removed');
    expect(ben.store.get().gone[id]?.by).toBe('ana');
    expect(ben.store.get().conversations[id]).toBeUndefined();
    expect(people(ana)).toEqual(['ana']);
    expect(backend.roomsOf('ben')).toEqual([]);
    leave();
  });

  test('and in again: it is back, also where it is looked at', async () => {
    await inView(ben, id, 'ben');
    await ana.groups.remove(id, 'ben');
    await until('out', () => ben.store.get().gone[id]);
    await ana.groups.add(id, ['ben']);
    await until('back', () => ben.store.get().conversations[id]);
    await until('in the room', () => backend.roomsOf('ben').length === 1);
    backend.world.send(id, 'ana', 'welcome back');
    await until('hears', () => texts(ben, id).includes('welcome back'));
    expect(ben.store.get().gone).toEqual({});
  });

  test('can be left, on all devices of who leaves', async () => {
    const phone = clientOf('ben');
    await ready(phone);
    await ben.groups.leave(id);
    expect(ben.store.get().gone[id]).toMatchObject({ reason: 'left', by: 'ben' });
    await until('on the phone', () => phone.store.get().gone[id]?.reason === 'left');
    await until('ana knows', () => people(ana)?.length === 1);
  });

  test('has its owners, name and past set by an owner, and by nobody else', async () => {
    await expect(ben.groups.setRole(id, 'ben', 'OWNER')).rejects.toMatchObject({ code: 'forbidden' });
    await ana.groups.setRole(id, 'ben', 'OWNER');
    await until('ben knows', () => {
      const held = ben.store.get().conversations[id];
      return held && isOwner(held, 'ben');
    });
    await ben.groups.rename(id, 'Olives 2026');
    await ben.groups.setHistoryVisible(id, false);
    await until('ana knows', () => ana.store.get().conversations[id]?.historyVisible === false);
    expect(ana.store.get().conversations[id]?.title).toBe('Olives 2026');
  });
});

describe('being out', () => {
  const removed: StateEvent = { type: 'participant_removed', payload: { conversationId: 'c', seq: 5, userId: ME, removedBy: 'you', totalUnread: 4 } };
  const held: StateEvent = { type: 'conversation_loaded', conversation: conversation({ seq: 4, unread: 3 }) };
  const after = (...events: StateEvent[]) => events.reduce(apply, initialState(ME));

  test('is final for all that was told before it', () => {
    const out = after(held, removed);
    expect(out.totalUnread).toBe(4);
    const note = { conversationId: 'c', seq: 3, message: message(3), conversation: conversation({ seq: 3 }), totalUnread: 9 };
    expect(apply(out, { type: 'new_message_notification', payload: note })).toBe(out);
    expect(apply(out, { type: 'list_loaded', page: { items: [conversation({ seq: 5 })], nextCursor: null } }).conversations).toEqual({});
    expect(apply(out, { type: 'conversation_unavailable', conversationId: 'c' }).gone['c']).toMatchObject({ reason: 'removed', by: 'you' });
  });

  test('ends with the being let in again, and an old removal does not count then', () => {
    const back = after(held, removed, { type: 'conversation_created', payload: conversation({ seq: 8 }) });
    expect(back.gone).toEqual({});
    expect(apply(back, removed).conversations['c']?.seq).toBe(8);
  });

  test('of somebody else is none of this event’s business', () => {
    const state = after(held);
    expect(apply(state, { type: 'participant_removed', payload: { conversationId: 'c', seq: 5, userId: 'you', removedBy: ME, totalUnread: 0 } })).toBe(state);
  });
});
