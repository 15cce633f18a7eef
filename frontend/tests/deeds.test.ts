/** Reading, typing, changing and starting, against a server that keeps the contract, over real sockets. */

import { beforeEach, describe, expect, test } from 'vitest';

import type { MessagingClient } from '../src/client';
import { backend, clientOf, inView, ready, texts } from './server/rig';
import { until } from './server/until';

describe('other deeds', () => {
  let id: string;
  let ana: MessagingClient;
  let ben: MessagingClient;

  beforeEach(async () => {
    id = backend.world.create(['ana', 'ben']);
    [ana, ben] = [clientOf('ana'), clientOf('ben')];
    await Promise.all([ready(ana), ready(ben)]);
    await Promise.all([inView(ana, id, 'ana'), inView(ben, id, 'ben')]);
  });

  test('reading is told sparingly, and lowers the count of the other device', async () => {
    const phone = clientOf('ana');
    await ready(phone);
    for (let n = 1; n <= 5; n += 1) backend.world.send(id, 'ben', `n${n}`);
    await until('arrived', () => texts(ana, id).length === 5);
    for (let seq = 1; seq <= 5; seq += 1) ana.markRead(id, seq);
    expect(ana.store.get().totalUnread).toBe(0);
    await until('told', () => backend.world.seen(id, 'ana').unread === 0);
    await until('on the phone', () => phone.store.get().totalUnread === 0);
    expect(backend.commands.filter(({ name }) => name === 'mark_read').length).toBeLessThanOrEqual(2);
    await until('seen by the sender', () => ben.store.get().conversations[id]?.participants.find(({ userId }) => userId === 'ana')?.readSeq === 5);
  });

  test('a read mark that found no connection is told after it', async () => {
    backend.world.send(id, 'ben', 'hello');
    await until('arrived', () => texts(ana, id).length === 1);
    backend.cut('ana');
    await until('lost', () => ana.store.get().connection.status !== 'online');
    ana.markRead(id, 1);
    await until('told', () => backend.world.seen(id, 'ana').unread === 0);
  });

  test('typing is told at most every two seconds, and ends with the message', async () => {
    for (let n = 0; n < 5; n += 1) ana.typing(id);
    await until('seen', () => ben.store.get().typing[id]?.length === 1);
    ana.send(id, 'done');
    await until('ended', () => ben.store.get().typing[id]?.length === 0);
    expect(backend.commands.filter(({ name }) => name === 'typing_start')).toHaveLength(1);
    await until('stop told', () => backend.commands.some(({ name }) => name === 'typing_stop'));
  });

  test('edits, deletions and status reach the other', async () => {
    const { id: messageId } = backend.world.send(id, 'ana', 'helo');
    await ana.edit(id, messageId, 'hello');
    await until('edited', () => texts(ben, id)[0] === 'hello');
    await ana.requestDelete(id, messageId);
    await until('deleted', () => texts(ben, id)[0] === '');
    await ana.setStatus(id, 'CLOSED');
    await until('closed', () => ben.store.get().conversations[id]?.status === 'CLOSED');
  });

  test('a deleted conversation is gone for both', async () => {
    await ana.deleteConversation(id);
    expect(ana.store.get().gone[id]?.reason).toBe('deleted');
    await until('gone', () => ben.store.get().gone[id]?.reason === 'deleted');
  });

  test('a first message makes the conversation, and its reader is told', async () => {
    const cem = clientOf('cem');
    await ready(cem);
    const heard: string[] = [];
    cem.listen('new_message_notification', ({ message }) => heard.push(message.content));
    const made = await ana.startConversation({ recipientId: 'cem', content: 'good day' });
    expect(ana.store.get().conversations[made.id]?.lastMessage?.content).toBe('good day');
    await until('told', () => cem.store.get().conversations[made.id]?.unread === 1);
    expect(heard).toEqual(['good day']);
  });

  test('a refusal over HTTP is one typed error', async () => {
    const { id: messageId } = backend.world.send(id, 'ben', 'not yours');
    await expect(ana.edit(id, messageId, 'mine now')).rejects.toMatchObject({ name: 'MessagingError', code: 'forbidden', status: 403, retryable: false });
  });
});
