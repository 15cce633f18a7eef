/** Connecting, being refused, and coming back, against a server that keeps the contract, over real sockets. */

import { describe, expect, test } from 'vitest';

import { MessagingClient } from '../src/client';
import { backend, clientOf, ready, url } from './server/rig';
import { until } from './server/until';

describe('connecting', () => {
  test('it loads the list, learns its totals and goes online', async () => {
    const id = backend.world.create(['ana', 'ben']);
    backend.world.send(id, 'ben', 'hello');
    const client = clientOf('ana');
    await ready(client);
    expect(client.store.get().conversations[id]?.unread).toBe(1);
    expect(client.store.get().totalUnread).toBe(1);
  });

  test('without being told who it is, it asks', async () => {
    const client = new MessagingClient({ url, token: () => 't-ana' });
    client.start();
    await until('identified', () => client.store.get().me === 'ana');
    client.close();
  });

  test('a refused token is renewed once, and then it connects', async () => {
    let token = 'stale';
    backend.acceptToken = (given) => given !== 'stale';
    const client = clientOf('ana', { token: () => token, refreshToken: () => Promise.resolve((token = 't-ana')) });
    await until('online', () => client.store.get().connection.status === 'online');
  });

  test('where no new token is to be had, it says refused and stays quiet', async () => {
    backend.acceptToken = () => false;
    const client = clientOf('ana');
    await until('refused', () => client.store.get().connection.status === 'refused');
    expect(client.store.get().connection.reason).toMatch(/^auth_/);
  });

  test('an expiring token is renewed without a reconnect', async () => {
    const client = clientOf('ana', { refreshToken: () => Promise.resolve('t-ana') });
    await ready(client);
    backend.emit('auth_expiring', { expiresAt: '' }, ['user:ana']);
    await until('refreshed', () => backend.commands.some(({ name }) => name === 'refresh_token'));
    expect(client.store.get().connection.status).toBe('online');
  });

  test('a draining server is left and found again', async () => {
    const client = clientOf('ana');
    await ready(client);
    const before = [...backend.io.sockets.sockets.keys()];
    backend.emit('server_draining', { reconnectInMs: 20 }, ['user:ana']);
    await until('a new socket', () => {
      const now = [...backend.io.sockets.sockets.keys()];
      return now.length === 1 && now[0] !== before[0];
    });
    await ready(client);
  });

  test('while it is away, the reason is known, and an absence that makes no sense is a short one', async () => {
    const client = clientOf('ana');
    await ready(client);
    const reasons = new Set<string | null>();
    client.store.subscribe(() => reasons.add(client.store.get().connection.reason));
    for (const reconnectInMs of [5, -1, 'soon', null]) {
      backend.emit('server_draining', { reconnectInMs }, ['user:ana']);
      await until('gone', () => client.store.get().connection.status === 'reconnecting');
      await ready(client);
    }
    expect(reasons).toContain('server_stops');
  });

  test('a server that asks to be left alone is left alone', async () => {
    let asked = 0;
    backend.turnAway = () => (asked++ === 0 ? { code: 'rate_limited', retryable: true, retryAfterMs: 300 } : null);
    const begun = Date.now();
    await ready(clientOf('ana'));
    expect(asked).toBe(2);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(300);
  });

  test('an expiring token is asked for again when that fails', async () => {
    let failures = 2;
    const client = clientOf('ana', { refreshToken: () => (failures-- > 0 ? Promise.reject(new Error('no network')) : Promise.resolve('t-ana')) });
    await ready(client);
    backend.emit('auth_expiring', { expiresAt: '' }, ['user:ana']);
    await until('refreshed', () => backend.commands.some(({ name }) => name === 'refresh_token'));
  });

  test('what follows an event’s payload is passed over, and no recovery is asked for', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    backend.trail = ['an offset'];
    backend.world.send(id, 'ben', 'hello');
    await until('heard', () => client.store.get().conversations[id]?.lastMessage?.content === 'hello');
    backend.cut('ana');
    await until('lost', () => client.store.get().connection.status !== 'online');
    await ready(client);
    const handshakes = [...backend.io.sockets.sockets.values()].map((socket) => Object.keys(socket.handshake.auth));
    expect(handshakes).toEqual([['recovery', 'token']]);
  });

  test('a socket that the server closes comes back by itself', async () => {
    const client = clientOf('ana');
    await ready(client);
    backend.io.disconnectSockets(true);
    await until('lost', () => client.store.get().connection.status === 'reconnecting');
    await ready(client);
  });

  test('where WebSockets do not get through, it talks by polling', async () => {
    backend.io.engine.opts.transports = ['polling'];
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    client.send(id, 'by polling');
    await until('stored', () => backend.world.kept.get(id)?.messages.length === 1);
    expect([...backend.io.sockets.sockets.values()].map((socket) => socket.conn.transport.name)).toEqual(['polling']);
  });

  test('events that make no sense are dropped, and those after them are heard', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    for (const name of ['ready', 'message_received', 'new_message_notification', 'user_typing', 'conversation_created', 'no_such_event']) {
      for (const payload of [null, 7, [], {}, { id: 'x', conversationId: {} }]) backend.emit(name, payload, ['user:ana']);
    }
    backend.world.send(id, 'ben', 'hello');
    await until('heard', () => client.store.get().conversations[id]?.lastMessage?.content === 'hello');
    expect(client.store.get().connection.status).toBe('online');
  });

  test('closing leaves nothing behind', async () => {
    const client = clientOf('ana');
    await ready(client);
    client.close();
    await until('gone', () => backend.io.sockets.sockets.size === 0);
  });
});
