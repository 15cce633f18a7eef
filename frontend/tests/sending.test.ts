/** Sending, against a server that keeps the contract, over real sockets. */

import { beforeEach, describe, expect, test } from 'vitest';

import type { MessagingClient } from '../src/client';
import { backend, clientOf, inView, ready, sends, texts } from './server/rig';
import { until } from './server/until';
import { Refusal } from './server/world';

describe('sending', () => {
  let id: string;
  let client: MessagingClient;

  beforeEach(async () => {
    id = backend.world.create(['ana', 'ben']);
    client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
  });

  test('a message shows at once and is stored once', async () => {
    client.send(id, '  hello  ');
    expect(client.store.get().outbox).toMatchObject([{ content: 'hello', status: 'sending' }]);
    await until('stored', () => texts(client, id).includes('hello'));
    expect(client.store.get().outbox).toEqual([]);
    expect(backend.world.kept.get(id)?.messages).toHaveLength(1);
  });

  test('many at once keep their order', async () => {
    const wanted = Array.from({ length: 20 }, (_, index) => `n${index}`);
    for (const text of wanted) client.send(id, text);
    await until('all', () => texts(client, id).length === 20);
    expect(texts(client, id)).toEqual(wanted);
  });

  test('without an answer it is repeated under the same clientId, and stored once', async () => {
    let silent = 1;
    backend.onCommand = (name) => (name === 'send_message' && silent-- > 0 ? 'silence' : 'answer');
    backend.lose = (event) => event === 'message_received';
    const clientId = client.send(id, 'once');
    await until('repeated', () => sends().length === 2);
    await until('confirmed', () => client.store.get().outbox.length === 0);
    expect(sends()).toEqual([clientId, clientId]);
    expect(backend.world.kept.get(id)?.messages).toHaveLength(1);
  });

  test('written offline, it waits and goes out with the connection', async () => {
    backend.cut('ana');
    await until('lost', () => client.store.get().connection.status !== 'online');
    client.send(id, 'later');
    expect(client.store.get().outbox).toMatchObject([{ status: 'waiting' }]);
    await until('stored', () => texts(client, id).includes('later'));
  });

  test('refused, it fails with the reason; the next one goes out; a retry after the cause is gone succeeds', async () => {
    backend.world.setStatus(id, 'ben', 'CLOSED');
    const clientId = client.send(id, 'too late');
    await until('failed', () => client.store.get().outbox[0]?.status === 'failed');
    expect(client.store.get().outbox[0]?.error?.code).toBe('conversation_closed');
    backend.world.setStatus(id, 'ben', 'ACTIVE');
    client.send(id, 'next');
    await until('the next', () => texts(client, id).includes('next'));
    client.retry(clientId);
    await until('the first', () => texts(client, id).includes('too late'));
  });

  test('a busy server’s “later, please” is not told as a failure', async () => {
    let busy = 1;
    backend.onCommand = (name) => {
      if (name === 'send_message' && busy-- > 0) throw new Refusal('overloaded', 'later, please', 503, true);
      return 'answer';
    };
    client.send(id, 'patient');
    await until('stored', () => texts(client, id).includes('patient'));
    expect(sends()).toHaveLength(2);
  });

  test('too much at a time waits as long as the server says, with the reason, however often, and nothing else goes meanwhile', async () => {
    const other = backend.world.create(['ana', 'cem']);
    let refusals = 8;
    backend.onCommand = (name) => {
      if (name === 'send_message' && refusals-- > 0) throw new Refusal('rate_limited', 'too fast', 429, true, 30);
      return 'answer';
    };
    client.send(id, 'patient');
    await until('told', () => client.store.get().outbox[0]?.error);
    expect(client.store.get().outbox).toMatchObject([{ status: 'waiting', error: { code: 'rate_limited', message: 'too fast' } }]);
    const before = sends().length;
    client.send(other, 'patient too');
    expect(sends()).toHaveLength(before);
    await until('stored', () => client.store.get().outbox.length === 0);
    expect([texts(client, id), refusals < 0]).toEqual([['patient'], true]);
  });

  test('what is thrown away is not sent', async () => {
    backend.world.setStatus(id, 'ben', 'CLOSED');
    const clientId = client.send(id, 'no');
    await until('failed', () => client.store.get().outbox[0]?.status === 'failed');
    client.discard(clientId);
    expect(client.store.get().outbox).toEqual([]);
  });
});
