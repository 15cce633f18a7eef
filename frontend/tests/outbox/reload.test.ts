/** Unsent messages outlive their page, against a server that keeps the contract, over real sockets. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { MessagingClient } from '../../src/client';
import { Shelf } from '../../src/client/outbox/shelf';
import { Carrying, picture } from '../server/carrying';
import { backend, clientOf, ready, sends } from '../server/rig';
import { until } from '../server/until';

let id: string;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  id = backend.world.create(['ana', 'ben']);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** What the shelf holds, read beside the page. */
async function kept(userId: string): Promise<string[]> {
  const shelf = await Shelf.open();
  const found = (await shelf.all(userId)).map(({ outgoing }) => outgoing.content);
  shelf.close();
  return found;
}

async function keptIs(userId: string, wanted: string[]): Promise<void> {
  await vi.waitUntil(async () => JSON.stringify(await kept(userId)) === JSON.stringify(wanted), { timeout: 5_000 });
}

/** Its page is gone, and the server has taken all that came before. */
async function left(page: MessagingClient): Promise<void> {
  page.close();
  await until('gone', () => backend.io.sockets.sockets.size === 0);
}

const stored = () => backend.world.kept.get(id)?.messages.map(({ content }) => content) ?? [];

describe('after a reload', () => {
  test('what was not sent is sent in its order, under the same clientIds, and then no longer kept', async () => {
    backend.onCommand = (name) => (name === 'send_message' ? 'ignore' : 'answer');
    const page = clientOf('ana');
    await ready(page);
    const clientIds = ['one', 'two', 'three'].map((text) => page.send(id, text));
    await keptIs('ana', ['one', 'two', 'three']);
    await left(page);
    backend.onCommand = () => 'answer';
    const before = sends().length;
    const reloaded = clientOf('ana');
    await until('stored', () => stored().length === 3);
    expect(stored()).toEqual(['one', 'two', 'three']);
    expect(sends().slice(before)).toEqual(clientIds);
    await until('shown as stored', () => reloaded.store.get().outbox.length === 0);
    await keptIs('ana', []);
  });

  test('a message whose answer was lost is stored once', async () => {
    backend.onCommand = (name) => (name === 'send_message' ? 'silence' : 'answer');
    backend.lose = () => true;
    const page = clientOf('ana');
    await ready(page);
    page.send(id, 'once');
    await until('at the server', () => stored().length === 1);
    await keptIs('ana', ['once']);
    await left(page);
    backend.onCommand = () => 'answer';
    const reloaded = clientOf('ana');
    await ready(reloaded);
    await keptIs('ana', []);
    expect(reloaded.store.get().outbox).toEqual([]);
    expect(stored()).toEqual(['once']);
  });

  test('a failed message waits for its writer to decide', async () => {
    backend.world.setStatus(id, 'ben', 'CLOSED');
    const page = clientOf('ana');
    await ready(page);
    const clientId = page.send(id, 'too late');
    await until('failed', () => page.store.get().outbox[0]?.status === 'failed');
    page.close();
    const reloaded = clientOf('ana');
    await ready(reloaded);
    const found = await until('shown', () => reloaded.store.get().outbox[0]);
    expect(found).toMatchObject({ clientId, status: 'failed', error: { code: 'conversation_closed' } });
    backend.world.setStatus(id, 'ben', 'ACTIVE');
    await until('taken over', () => reloaded.store.get().outbox[0]?.tab === null);
    expect(sends()).toHaveLength(1);
    reloaded.retry(clientId);
    await until('stored', () => stored().length === 1);
  });

  test('one’s own come back, nobody else’s', async () => {
    backend.onCommand = (name) => (name === 'send_message' ? 'ignore' : 'answer');
    const page = clientOf('ana');
    await ready(page);
    page.send(id, 'ana’s');
    await keptIs('ana', ['ana’s']);
    await left(page);
    backend.onCommand = () => 'answer';
    const other = clientOf('ben');
    await ready(other);
    other.send(id, 'ben’s');
    await until('stored', () => stored().length === 1);
    expect([stored(), other.store.get().outbox]).toEqual([['ben’s'], []]);
    expect(await kept('ana')).toEqual(['ana’s']);
  });

  test('a message goes on with its files, from the bytes that were kept', async () => {
    const uploads = new Carrying();
    const page = clientOf('ana');
    page.carryUploads(uploads);
    await ready(page);
    uploads.add('u1', new Blob(['olives']));
    page.send(id, 'look', { attachments: ['u1'] });
    await keptIs('ana', ['look']);
    page.close();
    backend.world.files.set('f1', { ...picture, waveform: null });
    const again = new Carrying();
    const reloaded = clientOf('ana', {});
    reloaded.carryUploads(again);
    await until('restored', () => again.restored.length === 1);
    expect(await again.restored[0]?.source.text()).toBe('olives');
    expect(reloaded.store.get().outbox).toMatchObject([{ status: 'waiting', content: 'look' }]);
    again.change('u1', { status: 'ready', attachment: picture });
    await until('stored', () => backend.world.seen(id, 'ben').lastMessage?.type === 'IMAGE');
  });

  test('a message whose file could not be kept says so', async () => {
    const uploads = new Carrying();
    const page = clientOf('ana');
    page.carryUploads(uploads);
    await ready(page);
    uploads.add('u1');
    page.send(id, 'look', { attachments: ['u1'] });
    await keptIs('ana', ['look']);
    page.close();
    const reloaded = clientOf('ana');
    await until('failed', () => reloaded.store.get().outbox[0]?.status === 'failed');
    expect(reloaded.store.get().outbox).toMatchObject([{ content: 'look', error: { code: 'file_lost' } }]);
  });
});

test('a message is kept before it is sent', async () => {
  const page = clientOf('ana');
  await ready(page);
  const found: Promise<string[]>[] = [];
  backend.onCommand = (name) => {
    if (name === 'send_message') found.push(kept('ana'));
    return name === 'send_message' ? 'ignore' : 'answer';
  };
  page.send(id, 'careful');
  expect(page.store.get().outbox).toMatchObject([{ status: 'waiting', content: 'careful', saving: true }]);
  await until('sent', () => found.length > 0);
  expect(await found[0]).toEqual(['careful']);
  expect(page.store.get().outbox).toMatchObject([{ saving: false }]);
});

test('what is thrown away does not come back', async () => {
  const page = clientOf('ana');
  await ready(page);
  backend.cut('ana');
  backend.onCommand = (name) => (name === 'send_message' ? 'ignore' : 'answer');
  const clientId = page.send(id, 'no');
  page.discard(clientId);
  page.send(id, 'yes');
  await keptIs('ana', ['yes']);
});

describe('a browser that keeps nothing', () => {
  test('sends all the same, and says so once', async () => {
    globalThis.indexedDB = { open: () => { throw new DOMException('no', 'SecurityError'); } } as never;
    const page = clientOf('ana');
    await ready(page);
    let told = 0;
    page.store.subscribe(() => (told += Number(page.store.get().unkept === 'all')));
    page.send(id, 'hello');
    page.send(id, 'again');
    await until('stored', () => stored().length === 2);
    expect(page.store.get().unkept).toBe('all');
  });

  test('because it is full loses only what a reload would lose', async () => {
    const page = clientOf('ana');
    await ready(page);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    page.send(id, 'hello');
    await until('stored', () => stored().length === 1);
    expect(page.store.get().unkept).toBe('all');
  });
});

describe('what an earlier version of the page left', () => {
  function leftBehind(userId: string, text: string): Map<string, string> {
    const left = new Map([[`stockent.outbox.${userId}`, text]]);
    vi.stubGlobal('sessionStorage', { getItem: (key: string) => left.get(key) ?? null, removeItem: (key: string) => left.delete(key) });
    return left;
  }

  const old = { clientId: '00000000-0000-4000-8000-000000000009', conversationId: '', content: 'from before', createdAt: '', status: 'sending', attempts: 1, error: null };

  test('moves once and is sent, and rubbish in it is dropped', async () => {
    const left = leftBehind('ana', JSON.stringify([{ ...old, conversationId: id }, null, 7, { clientId: 3 }]));
    const page = clientOf('ana');
    await until('sent', () => stored().includes('from before'));
    expect(sends()).toEqual([old.clientId]);
    expect(left.size).toBe(0);
    await until('gone', () => page.store.get().outbox.length === 0);
  });

  test('is nobody else’s', async () => {
    const left = leftBehind('ben', JSON.stringify([{ ...old, conversationId: id }]));
    await ready(clientOf('ana'));
    expect(left.size).toBe(1);
    expect(stored()).toEqual([]);
  });

  test('is sent from where it is, where nothing can be kept', async () => {
    globalThis.indexedDB = { open: () => { throw new DOMException('no', 'SecurityError'); } } as never;
    leftBehind('ana', JSON.stringify([{ ...old, conversationId: id }]));
    clientOf('ana');
    await until('sent', () => stored().includes('from before'));
  });
});
