/** A lost last event, which no later one reveals, and a page that slept: against a server that keeps the contract. */

import { expect, test } from 'vitest';

import { HEAL_EVERY_MS } from '../src/client/sync';
import { backend, clientOf, inView, ready, texts } from './server/rig';
import { until } from './server/until';

const OFTEN = { ackTimeoutMs: 250, reconnectDelayMs: 10, retryDelayMs: 20, healEveryMs: 30 };

test('positions are compared within 30 s, whatever the spread', () => {
  expect(HEAL_EVERY_MS * 1.5).toBeLessThan(28_000);
});

test('a lost last event in a conversation in view is noticed by itself', async () => {
  const id = backend.world.create(['ana', 'ben']);
  const client = clientOf('ana', { timing: OFTEN });
  await ready(client);
  await inView(client, id, 'ana');
  backend.lose = () => true;
  backend.world.send(id, 'ben', 'lost');
  await until('healed', () => texts(client, id).includes('lost'));
});

test('so it is in a conversation that is only listed, and in one that was not known, with all counts', async () => {
  const listed = backend.world.create(['ana', 'ben']);
  const client = clientOf('ana', { timing: OFTEN });
  await ready(client);
  backend.lose = () => true;
  const created = backend.world.create(['ana', 'cem']);
  for (const [id, by] of [[listed, 'ben'], [created, 'cem']] as const) backend.world.send(id, by, 'lost');
  const unreadOf = (id: string) => client.store.get().conversations[id]?.unread;
  await until('healed', () => unreadOf(listed) === 1 && unreadOf(created) === 1);
  expect(client.store.get().totalUnread).toBe(2);
  expect(client.store.get().conversations[listed]?.lastMessage?.content).toBe('lost');
});

test('a lost read mark of another device, a lost deletion and a lost removal are noticed too', async () => {
  const [read, deleted, left] = [backend.world.create(['ana', 'ben']), backend.world.create(['ana', 'ben']), backend.world.create(['ben', 'ana', 'cem'])];
  for (const id of [read, deleted, left]) backend.world.send(id, 'ben', 'hello');
  const client = clientOf('ana', { timing: OFTEN });
  await ready(client);
  expect(client.store.get().totalUnread).toBe(3);
  backend.lose = () => true;
  backend.world.markRead(read, 'ana', 1);
  backend.world.remove(deleted, 'ben');
  backend.world.takeOut(left, 'ben', 'ana');
  await until('healed', () => client.store.get().totalUnread === 0);
  expect(Object.keys(client.store.get().conversations)).toEqual([read]);
});
