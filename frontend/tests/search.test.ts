/** Searching messages, against a server that keeps the contract. */

import { beforeEach, describe, expect, test } from 'vitest';

import { Searching, type MessagingClient } from '../src/client';
import { backend, clientOf, ready } from './server/rig';
import { until } from './server/until';
import { Refusal } from './server/world';

let ana: MessagingClient;
let id: string;

beforeEach(async () => {
  id = backend.world.create(['ana', 'ben'], { title: 'Oil' });
  for (let n = 1; n <= 30; n += 1) backend.world.send(id, 'ben', `olive oil ${String(n)}`);
  ana = clientOf('ana');
  await ready(ana);
});

function asked(): number {
  return backend.requests.filter((request) => request === 'GET /api/search').length;
}

test('a hit says where it stands and what met it', async () => {
  const { items, nextCursor } = await ana.search({ q: 'oil 7', limit: 5 });
  expect(items).toMatchObject([{ message: { content: 'olive oil 7', seq: 7 }, conversation: { id, title: 'Oil', participantCount: 2 }, highlights: [{ start: 6, end: 11 }] }]);
  expect(nextCursor).toBeNull();
});

describe('a search field', () => {
  let searching: Searching;
  const hits = () => searching.state.get().hits.map(({ message }) => message.content);

  beforeEach(() => {
    searching = new Searching(ana.api);
  });

  test('asks once the typing has paused, and more on demand', async () => {
    for (const q of ['o', 'ol', 'oli', 'olive']) searching.ask({ q });
    expect(searching.state.get().status).toBe('loading');
    await until('found', () => searching.state.get().status === 'loaded');
    expect(asked()).toBe(1);
    expect(searching.state.get()).toMatchObject({ hasMore: true });
    await searching.more();
    expect(hits()).toHaveLength(30);
    expect(new Set(hits()).size).toBe(30);
    expect(searching.state.get().hasMore).toBe(false);
  });

  test('an answer to an earlier question is not shown under a later one', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    backend.onRequest = (_method, path) => (path === '/api/search' && asked() === 1 ? held : undefined);
    searching.ask({ q: 'oil 3' });
    await until('asked', () => asked() === 1);
    searching.ask({ q: 'oil 29' });
    await until('found', () => searching.state.get().status === 'loaded');
    release();
    await ana.search({ q: 'oil' });
    expect(hits()).toEqual(['olive oil 29']);
  });

  test('emptied, it shows nothing and asks nothing; a filter alone is a question', async () => {
    searching.ask({ q: 'olive' });
    searching.ask({ q: '  ', conversationId: id });
    expect(searching.state.get()).toEqual({ status: 'idle', hits: [], hasMore: false, error: null });
    searching.ask({ from: 'ben' });
    await until('found', () => searching.state.get().status === 'loaded');
    expect(asked()).toBe(1);
  });

  test('a failure of a new question is asked again from its start', async () => {
    searching.ask({ q: 'olive' });
    await until('found', () => searching.state.get().status === 'loaded');
    backend.onRequest = (_method, path) => {
      if (path === '/api/search') throw new Refusal('store_unavailable', 'later, please', 503, true);
    };
    searching.ask({ q: 'olive oil 1' });
    await until('failed', () => searching.state.get().status === 'failed');
    backend.onRequest = () => undefined;
    await searching.more();
    expect(hits()[0]).toBe('olive oil 1');
    expect(hits()).toHaveLength(11);
  });

  test('a failure says why, and the same can be asked again', async () => {
    backend.onRequest = (_method, path) => {
      if (path === '/api/search') throw new Refusal('store_unavailable', 'later, please', 503, true);
    };
    searching.ask({ q: 'olive oil 12' });
    await until('failed', () => searching.state.get().status === 'failed');
    expect(searching.state.get().error).toBe('later, please');
    backend.onRequest = () => undefined;
    await searching.more();
    expect(hits()).toEqual(['olive oil 12']);
  });
});
