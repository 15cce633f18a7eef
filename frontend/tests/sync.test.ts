/** What is held stays equal to the log, against a server that keeps the contract, over real sockets. */

import { describe, expect, test } from 'vitest';

import { backend, clientOf, inView, ready, sends, texts } from './server/rig';
import { until } from './server/until';
import { Refusal } from './server/world';

describe('a conversation in view', () => {
  test('its room is joined while somebody looks, and left with the last', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    const leave = await inView(client, id, 'ana');
    const leaveToo = client.view(id);
    leave();
    leave();
    await client.find({});
    expect(backend.roomsOf('ana')).toEqual([`conversation:${id}`]);
    leaveToo();
    await until('left', () => backend.roomsOf('ana').length === 0);
  });

  test('messages arrive by events, without asking again', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    const asked = backend.requests.length;
    backend.world.send(id, 'ben', 'live');
    await until('arrived', () => texts(client, id).includes('live'));
    expect(backend.requests).toHaveLength(asked);
  });

  test('a link to an unknown conversation ends as unavailable', async () => {
    const client = clientOf('ana');
    client.view('nowhere');
    await until('unavailable', () => client.store.get().gone['nowhere']?.reason === 'unavailable');
  });

  test('a link to one that is not in the list yet opens it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    backend.world.send(id, 'ben', 'hello');
    const client = clientOf('ana');
    client.view(id);
    await until('shown', () => texts(client, id).includes('hello'));
    await until('joined', () => backend.roomsOf('ana').length === 1);
  });

  test('events between the joining and its ack are not lost', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    backend.onCommand = (name) => {
      if (name === 'join_conversation') queueMicrotask(() => backend.world.send(id, 'ben', 'just then'));
      return 'answer';
    };
    client.view(id);
    await until('arrived', () => texts(client, id).includes('just then'));
  });

  test('a link into the past opens there, and pages lead on to the end without a hole', async () => {
    const id = backend.world.create(['ana', 'ben']);
    for (let n = 1; n <= 200; n += 1) backend.world.send(id, 'ben', `n${n}`);
    const client = clientOf('ana');
    await ready(client);
    client.view(id, 60);
    await until('around 60', () => texts(client, id).includes('n60'));
    expect(client.store.get().threads[id]).toMatchObject({ hasBefore: true, hasAfter: true });
    backend.world.send(id, 'ben', 'n201');
    while (client.store.get().threads[id]?.hasAfter) await client.loadNewer(id);
    while (client.store.get().threads[id]?.hasBefore) await client.loadOlder(id);
    expect(texts(client, id)).toEqual(Array.from({ length: 201 }, (_, index) => `n${index + 1}`));
  });

  test('with much unread it opens at the first of it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    for (let n = 1; n <= 120; n += 1) backend.world.send(id, 'ben', `n${n}`);
    backend.world.markRead(id, 'ana', 20);
    const client = clientOf('ana');
    await ready(client);
    client.view(id);
    await until('loaded', () => client.store.get().threads[id]?.loaded);
    expect(texts(client, id)).toContain('n21');
    expect(client.store.get().threads[id]?.hasAfter).toBe(true);
  });

  test('a jump goes to a message that is not loaded, to the first unread, and back to the end', async () => {
    const id = backend.world.create(['ana', 'ben']);
    for (let n = 1; n <= 400; n += 1) backend.world.send(id, 'ben', `n${n}`);
    backend.world.markRead(id, 'ana', 380);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    await client.loadAround(id, 100);
    expect(texts(client, id)).toContain('n100');
    expect(texts(client, id)).not.toContain('n400');
    expect(await client.loadFirstUnread(id)).toBe(380);
    expect(texts(client, id)).toContain('n381');
    await client.loadNewest(id);
    expect(texts(client, id).at(-1)).toBe('n400');
    const asked = backend.requests.length;
    await client.loadAround(id, 390);
    expect(await client.loadFirstUnread(id)).toBe(380);
    expect(backend.requests).toHaveLength(asked);
  });

  test('a window that grew too long is cut around what one looks at', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    client.attend(id, 5);
    for (let n = 1; n <= 900; n += 1) backend.world.send(id, 'ben', `n${n}`);
    await until('all came', () => client.store.get().positions[id]?.seq === 900);
    expect(texts(client, id)).toHaveLength(600);
    expect(texts(client, id)[0]).toBe('n1');
    expect(client.store.get().threads[id]?.hasAfter).toBe(true);
    while (client.store.get().threads[id]?.hasAfter) await client.loadNewer(id);
    expect(texts(client, id).at(-1)).toBe('n900');
    expect(texts(client, id)).toHaveLength(600);
  });

  test('a page that fails says so, and can be asked for again', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    backend.onRequest = (_method, path) => {
      if (path.endsWith('/messages')) throw new Refusal('store_unavailable', 'later, please', 503, true);
    };
    client.view(id);
    await until('failed', () => client.store.get().threads[id]?.error === 'later, please');
    backend.onRequest = () => undefined;
    await client.reopen(id);
    await until('loaded', () => client.store.get().threads[id]?.loaded);
  });

  test('a page or a list that fails is tried again without being asked', async () => {
    const id = backend.world.create(['ana', 'ben']);
    backend.world.send(id, 'ben', 'hello');
    let failures = 3;
    backend.onRequest = () => {
      if (failures-- > 0) throw new Refusal('store_unavailable', 'later, please', 503, true);
    };
    const client = clientOf('ana');
    client.view(id, 1);
    await ready(client);
    await until('shown', () => texts(client, id).includes('hello'));
    expect(failures).toBeLessThan(0);
  });
});

describe('after a loss', () => {
  test('what was missed is taken up, in view and out of it, without loading again', async () => {
    const [seen, other] = [backend.world.create(['ana', 'ben']), backend.world.create(['ana', 'cem'])];
    const client = clientOf('ana');
    await ready(client);
    await inView(client, seen, 'ana');
    const asked = backend.requests.length;
    backend.cut('ana');
    backend.world.send(seen, 'ben', 'while away');
    backend.world.send(other, 'cem', 'also');
    const made = backend.world.create(['ana', 'cem'], { title: 'new' });
    await until('the thread', () => texts(client, seen).includes('while away'));
    await until('the other', () => client.store.get().conversations[other]?.lastMessage?.content === 'also');
    await until('the new one', () => client.store.get().conversations[made]);
    expect(client.store.get().totalUnread).toBe(2);
    expect(backend.requests).toHaveLength(asked);
  });

  test('a lost event is noticed by the next one and fetched', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    backend.lose = (event) => event === 'message_received';
    backend.world.send(id, 'ben', 'lost');
    backend.lose = () => false;
    backend.world.send(id, 'ben', 'noticed');
    await until('both', () => texts(client, id).length === 2);
    expect(texts(client, id)).toEqual(['lost', 'noticed']);
  });

  test('an edit of an old message in a thread out of view reaches it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const first = backend.world.send(id, 'ben', 'first');
    backend.world.send(id, 'ben', 'second');
    const client = clientOf('ana');
    await ready(client);
    const leave = await inView(client, id, 'ana');
    leave();
    await until('left', () => backend.roomsOf('ana').length === 0);
    backend.world.edit(id, 'ben', first.id, 'first, better');
    await until('edited', () => texts(client, id)[0] === 'first, better');
  });

  test('a gap too long to replay is loaded anew', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    backend.lose = () => true;
    for (let n = 1; n <= 510; n += 1) backend.world.send(id, 'ben', `n${n}`);
    backend.lose = () => false;
    backend.cut('ana');
    await until('the newest', () => texts(client, id).at(-1) === 'n510');
    expect(client.store.get().positions[id]).toMatchObject({ seq: 510, behind: false });
  });

  test('a store of another epoch is loaded anew, and what was not sent is sent to it', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await inView(client, id, 'ana');
    backend.onCommand = (name) => (name === 'send_message' ? 'ignore' : 'answer');
    client.send(id, 'kept');
    await until('on its way', () => sends().length === 1);
    backend.world.epoch = 'another';
    backend.onCommand = () => 'answer';
    backend.cut('ana');
    await until('the new epoch', () => client.store.get().epoch === 'another');
    await until('sent', () => texts(client, id).includes('kept'));
  });

  test('a conversation deleted meanwhile is gone', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    backend.lose = () => true;
    backend.world.remove(id, 'ben');
    backend.lose = () => false;
    backend.cut('ana');
    await until('gone', () => client.store.get().gone[id]?.reason === 'unavailable');
  });
});
