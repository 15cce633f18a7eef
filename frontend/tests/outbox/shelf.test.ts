/** What outlives the page, in an IndexedDB of the test's own. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { MAX_KEPT_BYTES, SCHEMA_VERSION, Shelf } from '../../src/client/outbox/shelf';
import type { KeptFile } from '../../src/client';
import { outgoing } from '../make';

let shelf: Shelf;
const NOTHING: ReadonlySet<string> = new Set();

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  shelf = await Shelf.open();
});

afterEach(() => {
  shelf.close();
});

function file(uploadId: string, bytes = 3): KeptFile {
  return { uploadId, conversationId: 'c', name: 'a.bin', voice: false, sizeBytes: bytes, source: new Blob(['x'.repeat(Math.min(bytes, 9))]) };
}

const ids = async (userId: string) => (await shelf.all(userId)).map((kept) => kept.outgoing.clientId);

test('messages come back in the order of writing, to their own writer only', async () => {
  for (const clientId of ['z', 'a', 'm']) await shelf.put('ana', 't', outgoing({ clientId }), [], NOTHING);
  await shelf.put('ana.x', 't', outgoing({ clientId: 'b' }), [], NOTHING);
  expect(await ids('ana')).toEqual(['z', 'a', 'm']);
  expect(await ids('ana.x')).toEqual(['b']);
  expect(await ids('an')).toEqual([]);
});

test('a change keeps the place and the tab, and what is removed is gone with its files', async () => {
  await shelf.put('ana', 'one', outgoing({ clientId: 'a' }), [file('u')], new Set(['u']));
  await shelf.put('ana', 'one', outgoing({ clientId: 'b' }), [], NOTHING);
  await shelf.put('ana', 'two', outgoing({ clientId: 'a', status: 'failed' }), [], new Set(['u']));
  expect((await shelf.all('ana')).map(({ tab, outgoing: { clientId, status } }) => [tab, clientId, status])).toEqual([
    ['one', 'a', 'failed'],
    ['one', 'b', 'waiting'],
  ]);
  await shelf.remove('ana', 'a');
  await shelf.put('ana', 'one', outgoing({ clientId: 'a' }), [], new Set(['u']));
  expect((await shelf.pass('ana', null, 'one'))[1]?.files).toEqual([]);
});

test('what passes to another tab comes with the bytes of its files, and passes once', async () => {
  await shelf.put('ana', 'one', outgoing({ clientId: 'a' }), [file('u')], new Set(['u']));
  await shelf.put('ana', 'other', outgoing({ clientId: 'b' }), [], NOTHING);
  const [passed, ...more] = await shelf.pass('ana', 'one', 'two');
  expect(more).toEqual([]);
  expect(passed?.files.map(({ uploadId, name }) => [uploadId, name])).toEqual([['u', 'a.bin']]);
  expect(await passed?.files[0]?.source.text()).toBe('xxx');
  expect(await shelf.pass('ana', 'one', 'three')).toEqual([]);
  expect((await shelf.all('ana')).map(({ tab }) => tab)).toEqual(['two', 'other']);
});

test('a file that came to the server is not kept any longer', async () => {
  await shelf.put('ana', 'one', outgoing({ clientId: 'a' }), [file('u'), file('v')], new Set(['u', 'v']));
  await shelf.put('ana', 'one', outgoing({ clientId: 'a' }), [], new Set(['v']));
  expect((await shelf.pass('ana', 'one', 'one'))[0]?.files.map(({ uploadId }) => uploadId)).toEqual(['v']);
});

test('files beyond the limit are not kept, their message is', async () => {
  expect(await shelf.put('ana', 't', outgoing({ clientId: 'a' }), [file('u', MAX_KEPT_BYTES)], new Set(['u']))).toBe(true);
  expect(await shelf.put('ana', 't', outgoing({ clientId: 'b' }), [file('v', 1)], new Set(['v']))).toBe(false);
  expect(await shelf.put('ben', 't', outgoing({ clientId: 'c' }), [file('w', 1)], new Set(['w']))).toBe(true);
  expect((await shelf.pass('ana', null, 't')).map(({ files }) => files.length)).toEqual([1, 0]);
});

test('a database of a newer page is left as it is', async () => {
  shelf.close();
  const name = (await indexedDB.databases())[0]?.name ?? '';
  const newer = await opened(name, SCHEMA_VERSION + 1, (database) => database.createObjectStore('unknown here'));
  newer.close();
  await expect(Shelf.open()).rejects.toThrow();
  const again = await opened(name, SCHEMA_VERSION + 1, () => undefined);
  expect([...again.objectStoreNames]).toEqual(['files', 'messages', 'unknown here']);
  again.close();
});

test('a newer page is not kept waiting', async () => {
  let ended = false;
  const old = await Shelf.open(() => (ended = true));
  const name = (await indexedDB.databases())[0]?.name ?? '';
  shelf.close();
  const newer = await opened(name, SCHEMA_VERSION + 1, () => undefined);
  expect(ended).toBe(true);
  newer.close();
  await expect(old.all('ana')).rejects.toThrow();
});

test('a database that does not open in time is given up', async () => {
  const name = (await indexedDB.databases())[0]?.name ?? '';
  const stubborn = await opened(name, SCHEMA_VERSION, () => undefined);
  indexedDB.deleteDatabase(name);
  await expect(Shelf.open(() => undefined, 1)).rejects.toThrow('in time');
  stubborn.close();
});

function opened(name: string, version: number, upgrade: (database: IDBDatabase) => unknown): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('not opened'));
  });
}
