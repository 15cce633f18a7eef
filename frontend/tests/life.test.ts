/** Presence, being away, and typing: against a server that keeps the contract, over real sockets. */

import { beforeEach, describe, expect, test } from 'vitest';

import { Activity, HIDDEN_MS, IDLE_MS, type MessagingClient } from '../src/client';
import type { Desk } from '../src/client/desk';
import { PresenceWatch } from '../src/client/presence';
import { backend, clientOf, inView, ready } from './server/rig';
import { until } from './server/until';

function watches(): string[][] {
  return backend.commands.filter(({ name }) => name === 'watch_presence').map(({ body }) => body.userIds);
}

describe('presence', () => {
  let ana: MessagingClient;

  beforeEach(async () => {
    backend.world.create(['ana', 'ben']);
    backend.world.presence.set('ben', 'online');
    ana = clientOf('ana');
    await ready(ana);
  });

  const of = (userId: string) => ana.store.get().presence[userId]?.status;

  test('is told of those who are watched and known, and follows them', async () => {
    ana.watchPresence(['ben', 'cem']);
    await until('told', () => of('ben') === 'online');
    expect(of('cem')).toBeUndefined();
    backend.world.setPresence('ben', 'away');
    await until('followed', () => of('ben') === 'away');
  });

  test('of one person is watched once for all who ask, and ends with the last', async () => {
    const leave = ana.watchPresence(['ben']);
    const leaveToo = ana.watchPresence(['ben']);
    await until('told', () => of('ben'));
    leave();
    leave();
    ana.watchPresence(['cem'])();
    const third = ana.watchPresence(['ana']);
    await until('again', () => watches().length === 2);
    leaveToo();
    third();
    await until('nobody', () => watches().length === 3);
    expect(watches()).toEqual([['ben'], ['ana', 'ben'], []]);
    await until('forgotten', () => of('ben') === undefined);
  });

  test('is asked anew after a loss, and until then nobody is said to be there', async () => {
    ana.watchPresence(['ben']);
    await until('told', () => of('ben') === 'online');
    backend.cut('ana');
    await until('lost', () => ana.store.get().connection.status !== 'online');
    expect(ana.store.get().presence).toEqual({});
    await until('told again', () => of('ben') === 'online');
  });

  test('of oneself reaches those who watch', async () => {
    const ben = clientOf('ben');
    await ready(ben);
    ben.watchPresence(['ana']);
    await until('told', () => ben.store.get().presence['ana']);
    backend.world.setPresence('ana', 'away');
    await until('followed', () => ben.store.get().presence['ana']?.status === 'away');
  });

  test('of oneself is said when it changes, and to each new connection while away', () => {
    const said: unknown[] = [];
    const connection: Desk['connection'] = { online: true, command: (name, request) => (said.push([name, request]), new Promise(() => undefined)) };
    const watch = new PresenceWatch({ store: ana.store, api: ana.api, connection, dispatch: () => undefined });
    watch.onReady();
    expect(said).toEqual([]);
    watch.say('away');
    watch.onReady();
    watch.say('online');
    watch.onReady();
    expect(said).toEqual(['away', 'away', 'online'].map((status) => ['set_presence', { status }]));
    watch.close();
  });
});

describe('a person', () => {
  /** A clock and a timer that a test moves by hand. */
  function atDesk() {
    let now = 0;
    let due: number | null = null;
    let fire: () => void = () => undefined;
    const told: string[] = [];
    const makeTimer = (act: () => void) => {
      fire = act;
      return { get pending() { return due !== null; }, set: (ms: number) => void (due = now + ms), cancel: () => void (due = null), close: () => void (due = null) };
    };
    const activity = new Activity((status) => told.push(status), { makeTimer, now: () => now });
    activity.start();
    const pass = (ms: number) => {
      now += ms;
      if (due === null || due > now) return;
      due = null;
      fire();
    };
    return { activity, told, pass };
  }

  test('is away after five minutes without a sign, and online again with the next', () => {
    const { activity, told, pass } = atDesk();
    pass(IDLE_MS - 1);
    activity.sign();
    pass(IDLE_MS - 1);
    expect(told).toEqual([]);
    pass(1);
    expect(told).toEqual(['away']);
    activity.sign();
    expect(told).toEqual(['away', 'online']);
  });

  test('is away a minute after the page is hidden, and online at once when it is back', () => {
    const { activity, told, pass } = atDesk();
    activity.setVisible(false);
    pass(HIDDEN_MS - 1);
    expect(told).toEqual([]);
    pass(1);
    activity.setVisible(true);
    expect(told).toEqual(['away', 'online']);
  });

  test('who comes back to the page within the minute was never away', () => {
    const { activity, told, pass } = atDesk();
    activity.setVisible(false);
    pass(HIDDEN_MS - 1);
    activity.setVisible(true);
    pass(IDLE_MS - 1);
    expect(told).toEqual([]);
  });
});

describe('typing', () => {
  let id: string;
  let ana: MessagingClient;
  let ben: MessagingClient;

  beforeEach(async () => {
    id = backend.world.create(['ana', 'ben']);
    [ana, ben] = [clientOf('ana'), clientOf('ben')];
    await Promise.all([ready(ana), ready(ben)]);
  });

  const seen = () => ben.store.get().typing[id]?.map(({ activity }) => activity);
  const starts = () => backend.commands.filter(({ name }) => name === 'typing_start').map(({ body }) => body.activity);

  test('is seen in the list too, and recording is another thing', async () => {
    ana.typing(id);
    await until('seen', () => seen()?.[0] === 'typing');
    ana.typing(id, 'recording');
    ana.typing(id, 'recording');
    await until('recording', () => seen()?.[0] === 'recording');
    expect(starts()).toEqual(['typing', 'recording']);
    ana.stopTyping();
    await until('ended', () => seen()?.length === 0);
  });

  test('in another conversation ends it in the first', async () => {
    const other = backend.world.create(['ana', 'ben']);
    ana.typing(id);
    ana.typing(other);
    await until('moved', () => seen()?.length === 0 && ben.store.get().typing[other]?.length === 1);
  });

  test('of who sends ends with the message, in the room and out of it', async () => {
    await inView(ben, id, 'ben');
    ana.typing(id);
    await until('seen', () => seen()?.length === 1);
    ana.send(id, 'done');
    await until('ended', () => seen()?.length === 0);
  });
});
