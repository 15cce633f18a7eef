/** A server and its clients for one test each; both are gone after it. */

import { afterEach, beforeEach } from 'vitest';

import { MessagingClient, type MessagingClientOptions } from '../../src/client';
import { Backend } from './backend';
import { until } from './until';

export let backend: Backend;
export let url: string;
const clients: MessagingClient[] = [];

beforeEach(async () => {
  backend = new Backend();
  url = await backend.listen();
  for (const id of ['ana', 'ben', 'cem']) backend.world.person(id, id);
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await backend.close();
});

export function clientOf(userId: string, more: Partial<MessagingClientOptions> = {}): MessagingClient {
  const client = new MessagingClient({
    url,
    userId,
    token: () => `t-${userId}`,
    timing: { ackTimeoutMs: 250, reconnectDelayMs: 10, reconnectDelayMaxMs: 40, retryDelayMs: 20, undoMs: 20, deliverySpacingMs: 10 },
    ...more,
  });
  clients.push(client);
  client.start();
  return client;
}

export async function ready(client: MessagingClient): Promise<void> {
  await until('online with its list', () => client.store.get().connection.status === 'online' && client.store.get().list.status === 'loaded');
}

export async function inView(client: MessagingClient, id: string, userId: string): Promise<() => void> {
  const leave = client.view(id);
  await until('joined and loaded', () => backend.roomsOf(userId).includes(`conversation:${id}`) && client.store.get().threads[id]?.loaded);
  return leave;
}

export function texts(client: MessagingClient, id: string): string[] {
  return client.store.get().threads[id]?.messages.map(({ content }) => content) ?? [];
}

/** The `clientId`s of the sends that reached the server, in order. */
export function sends(): string[] {
  return backend.commands.filter(({ name }) => name === 'send_message').map(({ body }) => body.clientId);
}
