/** Several tabs of one person, in one browser, against a server that keeps the contract, over real sockets. */

import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test } from 'vitest';

import type { MessagingClient, MessagingClientOptions } from '../../src/client';
import { SharedBrowser } from '../server/browser';
import { Carrying, picture } from '../server/carrying';
import { backend, clientOf, inView, ready, sends, texts } from '../server/rig';
import { until } from '../server/until';

let id: string;
let browser: SharedBrowser;

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  browser = new SharedBrowser();
  id = backend.world.create(['ana', 'ben']);
});

function tabOf(userId: string, more: Partial<MessagingClientOptions> = {}): MessagingClient {
  return clientOf(userId, { tabs: browser.tab(), ...more });
}

const stored = () => backend.world.kept.get(id)?.messages.map(({ content }) => content) ?? [];
const shown = (tab: MessagingClient) => tab.store.get().outbox.map(({ content, status }) => `${content} ${status}`);

/** Nobody's sends get through until the returned function is called. */
function holdSends(): () => void {
  backend.onCommand = (name) => (name === 'send_message' ? 'ignore' : 'answer');
  return () => (backend.onCommand = () => 'answer');
}

/** A tab whose connection never comes. */
const DISCONNECTED = { url: 'http://127.0.0.1:9' };

describe('two tabs', () => {
  test('show what either sends, and send it once', async () => {
    const [one, two] = [tabOf('ana'), tabOf('ana')];
    await Promise.all([ready(one), ready(two)]);
    await inView(two, id, 'ana');
    const letGo = holdSends();
    const clientId = one.send(id, 'hello');
    await until('shown in the other', () => shown(two).some((line) => line.startsWith('hello')));
    expect(two.store.get().outbox[0]?.tab).not.toBeNull();
    letGo();
    await until('stored', () => texts(two, id).includes('hello'));
    await until('gone from both', () => one.store.get().outbox.length + two.store.get().outbox.length === 0);
    expect(stored()).toEqual(['hello']);
    expect(new Set(sends())).toEqual(new Set([clientId]));
    expect(texts(two, id)).toEqual(['hello']);
  });

  test('a tab that ends hands over what it has not sent', async () => {
    const letGo = holdSends();
    const [one, two] = [tabOf('ana'), tabOf('ana')];
    await Promise.all([ready(one), ready(two)]);
    const clientIds = ['a', 'b', 'c'].map((text) => one.send(id, text));
    await until('shown in the other', () => shown(two).length === 3);
    const before = sends().length;
    one.close();
    letGo();
    await until('stored', () => stored().length === 3);
    expect(stored()).toEqual(['a', 'b', 'c']);
    expect([...new Set(sends().slice(before))]).toEqual(clientIds);
    await until('gone', () => two.store.get().outbox.length === 0);
  });

  test('of three, one takes over', async () => {
    const letGo = holdSends();
    const [one, two, three] = [tabOf('ana'), tabOf('ana'), tabOf('ana')];
    await Promise.all([one, two, three].map(ready));
    one.send(id, 'orphan');
    await until('shown in the others', () => shown(two).length + shown(three).length === 2);
    one.close();
    const owners = () => [two, three].filter((tab) => tab.store.get().outbox[0]?.tab === null).length;
    await until('taken over', () => owners() === 1);
    letGo();
    await until('gone from both', () => shown(two).length + shown(three).length === 0);
    expect(stored()).toEqual(['orphan']);
  });

  test('one that cannot connect hands over to one that can', async () => {
    const one = tabOf('ana', DISCONNECTED);
    const two = tabOf('ana');
    await ready(two);
    one.send(id, 'from afar');
    await until('stored', () => stored().includes('from afar'));
    await until('known to both', () => shown(one).length + shown(two).length === 0);
    expect(sends()).toHaveLength(1);
  });

  test('a tab that comes later sees what waits, and sends it once it can', async () => {
    const one = tabOf('ana', DISCONNECTED);
    one.send(id, 'early');
    const two = tabOf('ana', DISCONNECTED);
    await until('shown', () => shown(two).length === 1);
    expect(shown(two)).toEqual(['early waiting']);
    const three = tabOf('ana');
    await until('stored', () => stored().includes('early'));
    await until('gone everywhere', () => [one, two, three].every((tab) => shown(tab).length === 0));
    expect(stored()).toEqual(['early']);
  });

  test('a failed message is discarded or tried again from either', async () => {
    backend.world.setStatus(id, 'ben', 'CLOSED');
    const [one, two] = [tabOf('ana'), tabOf('ana')];
    await Promise.all([ready(one), ready(two)]);
    const [first, second] = [one.send(id, 'first'), one.send(id, 'second')];
    await until('failed in both', () => shown(two).join() === 'first failed,second failed');
    two.discard(first);
    await until('gone from both', () => shown(one).join() === 'second failed');
    backend.world.setStatus(id, 'ben', 'ACTIVE');
    two.retry(second);
    await until('stored', () => stored().join() === 'second');
    await until('gone from both', () => shown(one).length + shown(two).length === 0);
  });

  test('a message that waits for its file goes with the tab that has it, and after that with the bytes', async () => {
    const [uploads, others] = [new Carrying(), new Carrying()];
    const one = tabOf('ana');
    one.carryUploads(uploads);
    const two = tabOf('ana');
    two.carryUploads(others);
    await Promise.all([ready(one), ready(two)]);
    uploads.add('u1', new Blob(['olives']));
    one.send(id, 'look', { attachments: ['u1'] });
    await until('shown', () => shown(two).join() === 'look waiting');
    expect(others.restored).toEqual([]);
    one.close();
    await until('taken over', () => others.restored.length === 1);
    backend.world.files.set('f1', { ...picture, waveform: null });
    others.change('u1', { status: 'ready', attachment: picture });
    await until('stored', () => stored().includes('look'));
  });

  test('know alike what is read', async () => {
    const [one, two] = [tabOf('ana'), tabOf('ana')];
    await Promise.all([ready(one), ready(two)]);
    backend.world.send(id, 'ben', 'hello');
    await until('counted in both', () => one.store.get().totalUnread + two.store.get().totalUnread === 2);
    one.markRead(id, 1);
    await until('read in both', () => one.store.get().totalUnread + two.store.get().totalUnread === 0);
  });
});

describe('signing out', () => {
  test('in one tab ends all of that person, and what waits is kept for their return', async () => {
    const letGo = holdSends();
    let told = 0;
    const [one, two] = [tabOf('ana'), tabOf('ana', { onSignedOut: () => (told += 1) })];
    const ben = tabOf('ben');
    await Promise.all([ready(one), ready(two), ready(ben)]);
    two.send(id, 'unsent');
    await until('shown in the other', () => shown(one).length === 1);
    one.signOut();
    one.close();
    await until('ended', () => two.store.get().connection.status === 'refused');
    expect(told).toBe(1);
    await until('nothing of hers is on its way', () => backend.io.sockets.sockets.size === 1);
    letGo();
    two.close();
    ben.send(id, 'ben’s');
    await until('stored', () => stored().includes('ben’s'));
    expect(stored()).toEqual(['ben’s']);
    tabOf('ana');
    await until('sent on return', () => stored().includes('unsent'));
  });

  test('nothing goes out under the name of who signed in meanwhile', async () => {
    let token = 't-ana';
    const letGo = holdSends();
    const tab = tabOf('ana', { token: () => token });
    await ready(tab);
    tab.send(id, 'ana’s');
    await until('kept', () => sends().length > 0);
    token = 't-ben';
    letGo();
    backend.cut('ana');
    await until('noticed', () => tab.store.get().connection.status === 'refused');
    expect(tab.store.get().connection.reason).toBe('auth_another_person');
    expect(tab.store.get().me).toBe('ana');
    expect(stored()).toEqual([]);
    await until('no socket', () => backend.io.sockets.sockets.size === 0);
    expect(shown(tab)).toEqual(['ana’s waiting']);
  });
});
