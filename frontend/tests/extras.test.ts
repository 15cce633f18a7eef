/** Answers, forwards, files, reactions, second thoughts: against a server that keeps the contract, over real sockets. */

import { beforeEach, describe, expect, test } from 'vitest';

import { canDelete, canEdit, quoteOf, withMyReactions, type Message, type MessagingClient } from '../src/client';
import { conversation, LIMITS, ME, message, sender } from './make';
import { Carrying, picture } from './server/carrying';
import { backend, clientOf, inView, ready, sends, texts } from './server/rig';
import { until } from './server/until';
import { Refusal } from './server/world';

let id: string;
let ana: MessagingClient;

beforeEach(async () => {
  id = backend.world.create(['ana', 'ben']);
  ana = clientOf('ana');
  await ready(ana);
  await inView(ana, id, 'ana');
});

function messages(client: MessagingClient = ana): readonly Message[] {
  return client.store.get().threads[id]?.messages ?? [];
}

describe('a message', () => {
  test('may answer another and name people; the answer shows its quote before it is sent', async () => {
    const asked = backend.world.send(id, 'ben', 'how many?');
    await until('arrived', () => texts(ana, id).includes('how many?'));
    ana.send(id, 'twelve @ben', { replyTo: asked, mentions: ['ben'] });
    expect(ana.store.get().outbox).toMatchObject([{ replyTo: quoteOf(asked), mentions: ['ben'] }]);
    await until('stored', () => texts(ana, id).includes('twelve @ben'));
    expect(messages().at(-1)).toMatchObject({ replyTo: quoteOf(asked), mentions: ['ben'] });
  });

  test('is forwarded whole, to several conversations', async () => {
    const other = backend.world.create(['ana', 'cem']);
    const source = backend.world.send(id, 'ben', 'the offer');
    ana.forward(source, [id, other]);
    expect(ana.store.get().outbox).toMatchObject([{ content: 'the offer', forwardOf: { messageId: source.id } }, { conversationId: other }]);
    await until('stored', () => ana.store.get().outbox.length === 0);
    expect(backend.world.seen(other, 'cem').lastMessage).toMatchObject({ content: 'the offer', forwarded: true });
    expect(backend.commands.filter(({ name }) => name === 'send_message').map(({ body }) => body.content)).toEqual([undefined, undefined]);
  });

  test('waits for its files; what is written after it need not wait', async () => {
    const uploads = new Carrying();
    backend.world.files.set('f1', { ...picture, waveform: null });
    ana.carryUploads(uploads);
    uploads.add('u1');
    ana.send(id, '', { attachments: ['u1'] });
    expect(ana.store.get().outbox).toMatchObject([{ status: 'waiting', attachments: [{ uploadId: 'u1', name: 'olives.jpg', attachment: null }] }]);
    ana.send(id, 'see the picture');
    await until('the text', () => texts(ana, id).includes('see the picture'));
    uploads.change('u1', { status: 'ready', attachment: picture });
    await until('the picture', () => messages().at(-1)?.type === 'IMAGE');
    expect(messages().at(-1)?.attachments).toMatchObject([{ id: 'f1' }]);
    // The event may come before the ack.
    await until('released', () => uploads.released.length > 0);
    expect(uploads.released).toEqual(['u1']);
  });

  test('of which a file cannot be uploaded says why, and is sent when that is mended', async () => {
    const uploads = new Carrying();
    backend.world.files.set('f1', { ...picture, waveform: null });
    ana.carryUploads(uploads);
    uploads.add('u1');
    const clientId = ana.send(id, 'with a picture', { attachments: ['u1'] });
    uploads.change('u1', { status: 'failed', error: { code: 'too_large', message: 'too large' } });
    expect(ana.store.get().outbox).toMatchObject([{ status: 'failed', error: { code: 'too_large' } }]);
    uploads.change('u1', { status: 'ready', attachment: picture, error: null });
    ana.retry(clientId);
    await until('stored', () => texts(ana, id).includes('with a picture'));
  });

  test('claims its files, tries them again with itself, and withdraws them when it is discarded', () => {
    const uploads = new Carrying();
    ana.carryUploads(uploads);
    uploads.add('u1');
    const clientId = ana.send(id, 'with a picture', { attachments: ['u1'] });
    expect([...uploads.claimed]).toEqual(['u1']);
    uploads.change('u1', { status: 'failed', error: { code: 'storage_full', message: 'no room' } });
    ana.retry(clientId);
    expect(uploads.retried).toEqual(['u1']);
    expect(ana.store.get().outbox).toMatchObject([{ status: 'waiting', error: null }]);
    ana.discard(clientId);
    expect(ana.store.get().outbox).toEqual([]);
    expect(uploads.list.get()).toEqual([]);
  });

  test('that still waits is taken back with text, answer and files, behind what was begun meanwhile', () => {
    const uploads = new Carrying();
    const replyTo = quoteOf(message(1));
    ana.carryUploads(uploads);
    uploads.add('u1');
    const clientId = ana.send(id, 'look @ben', { attachments: ['u1'], mentions: ['ben'], replyTo });
    ana.drafts.set(id, { text: 'wait,' });
    ana.takeBack(clientId);
    expect(ana.store.get().outbox).toEqual([]);
    expect(ana.drafts.get(id)).toEqual({ text: 'wait,\nlook @ben', mentions: ['ben'], replyTo });
    expect([uploads.claimed.size, uploads.list.get().length]).toEqual([0, 1]);
    expect(sends()).toEqual([]);
  });

  test('that is on its way cannot be taken back', () => {
    const clientId = ana.send(id, 'gone');
    expect(ana.store.get().outbox).toMatchObject([{ status: 'sending' }]);
    ana.takeBack(clientId);
    expect(ana.store.get().outbox).toMatchObject([{ clientId }]);
    expect(ana.drafts.get(id).text).toBe('');
  });

  test('clears the draft with a text; a file alone leaves the text and takes the answer', () => {
    const replyTo = quoteOf(message(1));
    ana.drafts.set(id, { text: 'unfinished', replyTo });
    ana.send(id, '', { attachments: [picture] });
    expect(ana.drafts.get(id)).toMatchObject({ text: 'unfinished', replyTo: null });
    ana.send(id, 'finished');
    expect(ana.drafts.get(id).text).toBe('');
  });
});

describe('a reaction', () => {
  const mine = { id: 'ana', name: 'ana' };
  const shown = () => withMyReactions(messages(), ana.store.get().reacting, mine).at(-1)?.reactions.map(({ emoji, count }) => `${emoji}${String(count)}`);
  let target: Message;

  beforeEach(async () => {
    target = backend.world.send(id, 'ben', 'done');
    await until('arrived', () => messages().length === 1);
  });

  test('shows at once, once, and stays when the server has it', async () => {
    backend.world.react(id, 'ben', target.id, '👍', true);
    await until('arrived', () => shown()?.length === 1);
    const done = Promise.all([ana.react(id, target.id, '👍', true), ana.react(id, target.id, '👍', true)]);
    expect(shown()).toEqual(['👍2']);
    await done;
    expect(ana.store.get().reacting).toEqual([]);
    expect(shown()).toEqual(['👍2']);
    expect(messages()[0]?.reactions[0]?.users.map((one) => one.id)).toEqual(['ana', 'ben']);
  });

  test('is taken back as it was given', async () => {
    await ana.react(id, target.id, '🎉', true);
    const done = ana.react(id, target.id, '🎉', false);
    expect(shown()).toEqual([]);
    await done;
    expect(backend.world.seen(id, 'ana').lastMessage?.reactions).toEqual([]);
  });

  test('that is refused is taken back here', async () => {
    backend.onCommand = (name) => {
      if (name === 'add_reaction') throw new Refusal('conversation_closed', 'it is closed', 409);
      return 'answer';
    };
    const done = ana.react(id, target.id, '👍', true);
    expect(shown()).toEqual(['👍1']);
    await expect(done).rejects.toMatchObject({ code: 'conversation_closed' });
    expect(shown()).toEqual([]);
  });

  test('of many quick changes of mind the last counts, whatever is lost', async () => {
    let silent = 2;
    backend.onCommand = (name) => (name.endsWith('_reaction') && silent-- > 0 ? 'silence' : 'answer');
    await Promise.all([true, false, true, false, true].map((present) => ana.react(id, target.id, '👍', present)));
    expect(shown()).toEqual(['👍1']);
    expect(backend.world.seen(id, 'ana').lastMessage?.reactions).toMatchObject([{ emoji: '👍', count: 1 }]);
  });

  test('given without a connection is told after it', async () => {
    backend.cut('ana');
    await until('lost', () => ana.store.get().connection.status !== 'online');
    const done = ana.react(id, target.id, '👍', true);
    expect(shown()).toEqual(['👍1']);
    await done;
    expect(backend.world.seen(id, 'ana').lastMessage?.reactions).toMatchObject([{ emoji: '👍' }]);
  });

  test('behind a gap shows without a flicker', async () => {
    backend.lose = () => true;
    backend.world.send(id, 'ben', 'lost');
    await ana.react(id, target.id, '👍', true);
    expect(messages().find((each) => each.id === target.id)?.reactions).toMatchObject([{ emoji: '👍', count: 1 }]);
  });
});

describe('second thoughts', () => {
  let mine: Message;

  beforeEach(async () => {
    mine = backend.world.send(id, 'ana', 'helo');
    await until('arrived', () => messages().length === 1);
  });

  test('an edit keeps the former texts', async () => {
    await ana.edit(id, mine.id, 'hello @ben', ['ben']);
    expect(messages()[0]).toMatchObject({ content: 'hello @ben', mentions: ['ben'] });
    expect((await ana.messageHistory(id, mine.id)).map(({ content }) => content)).toEqual(['helo', 'hello @ben']);
  });

  test('a deletion can be undone for a while, and then nothing was ever told', async () => {
    const patient = clientOf('ana', { timing: { undoMs: 60_000 } });
    await ready(patient);
    const done = patient.requestDelete(id, mine.id);
    expect(patient.store.get().deleting[mine.id]?.conversationId).toBe(id);
    expect(patient.undoDelete(mine.id)).toBe(true);
    await expect(done).resolves.toBe(false);
    expect(patient.store.get().deleting).toEqual({});
    expect(patient.undoDelete(mine.id)).toBe(false);
    expect(backend.requests.filter((request) => request.startsWith('DELETE'))).toEqual([]);
  });

  test('after that it is deleted for everyone', async () => {
    await expect(ana.requestDelete(id, mine.id)).resolves.toBe(true);
    expect(ana.store.get().deleting).toEqual({});
    expect(messages()[0]).toMatchObject({ content: '' });
    expect(messages()[0]?.deletedAt).not.toBeNull();
  });

  test('who leaves means it: it is sent at once, and outlives the page', async () => {
    const kept: boolean[] = [];
    const leaving = clientOf('ana', {
      timing: { undoMs: 60_000 },
      fetch: (input, init) => {
        if (init?.method === 'DELETE') kept.push(init.keepalive === true);
        return fetch(input, init);
      },
    });
    await ready(leaving);
    void leaving.requestDelete(id, mine.id);
    leaving.close();
    await until('deleted', () => backend.world.seen(id, 'ben').lastMessage?.deletedAt);
    expect(kept).toEqual([true]);
  });

  test('a refused deletion says why, and the message stands', async () => {
    backend.onRequest = (method) => {
      if (method === 'DELETE') throw new Refusal('too_late', 'too late', 409);
    };
    await expect(ana.requestDelete(id, mine.id)).rejects.toMatchObject({ code: 'too_late' });
    expect(ana.store.get().deleting).toEqual({});
    expect(messages()[0]?.content).toBe('helo');
  });

  test('a deletion without an answer is asked again', async () => {
    let failures = 1;
    backend.onRequest = (method) => {
      if (method === 'DELETE' && failures-- > 0) throw new Refusal('overloaded', 'later', 503, true);
    };
    await expect(ana.requestDelete(id, mine.id)).resolves.toBe(true);
  });
});

describe('what is offered', () => {
  const said = message(1, { sender: sender(ME) });
  const now = Date.parse(said.createdAt);
  const state = { me: ME, limits: LIMITS, aheadMs: 0, conversations: { c: conversation() } };

  test('is an edit for a quarter of an hour and a deletion for a day, of one’s own', () => {
    expect([canEdit(state, said, now + 900_000), canEdit(state, said, now + 900_001)]).toEqual([true, false]);
    expect([canDelete(state, said, now + 86_400_000), canDelete(state, said, now + 86_400_001)]).toEqual([true, false]);
    expect([canEdit(state, message(1), now), canDelete(state, message(1), now)]).toEqual([false, false]);
    expect(canDelete(state, { ...said, deletedAt: said.createdAt }, now)).toBe(false);
  });

  test('goes by the server’s clock', () => {
    expect(canEdit({ ...state, aheadMs: 900_001 }, said, now)).toBe(false);
  });

  test('has no end where the server sets none, and a closed conversation can only be deleted from', () => {
    const forEver = { ...state, limits: { ...LIMITS, editWindowMs: null, deleteWindowMs: null } };
    expect([canEdit(forEver, said, now + 1e12), canDelete(forEver, said, now + 1e12)]).toEqual([true, true]);
    const closed = { ...forEver, conversations: { c: conversation({ status: 'CLOSED' }) } };
    expect([canEdit(closed, said, now), canDelete(closed, said, now)]).toEqual([false, true]);
  });
});
