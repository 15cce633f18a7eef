// @vitest-environment jsdom
/** When a page is taken for awake again, and what its client does then. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { listenToPage } from '../src/client/page';
import { backend, clientOf, ready } from './server/rig';
import { until } from './server/until';

let visibility: DocumentVisibilityState = 'visible';

beforeEach(() => {
  visibility = 'visible';
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function see(state: DocumentVisibilityState): void {
  visibility = state;
  document.dispatchEvent(new Event('visibilitychange'));
}

describe('a page wakes', () => {
  const nothing = () => undefined;

  function listening() {
    const onWake = vi.fn();
    const leave = listenToPage({ onActivity: nothing, onVisible: nothing, onLeave: nothing, onReturn: nothing, onWake });
    return { onWake, leave };
  }

  test('when it is seen again, has a network again, or comes back from the browser’s memory', () => {
    const { onWake, leave } = listening();
    see('hidden');
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }));
    expect(onWake).not.toHaveBeenCalled();
    see('visible');
    window.dispatchEvent(new Event('online'));
    window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    expect(onWake).toHaveBeenCalledTimes(3);
    leave();
    window.dispatchEvent(new Event('online'));
    expect(onWake).toHaveBeenCalledTimes(3);
  });

  test('when the clock jumped, as after a sleep, unless nobody sees it', () => {
    vi.useFakeTimers();
    const { onWake, leave } = listening();
    vi.advanceTimersByTime(60_000);
    expect(onWake).not.toHaveBeenCalled();
    const sleep = () => {
      vi.setSystemTime(Date.now() + 3_600_000);
      vi.advanceTimersByTime(5_000);
    };
    sleep();
    expect(onWake).toHaveBeenCalledTimes(1);
    visibility = 'hidden';
    sleep();
    expect(onWake).toHaveBeenCalledTimes(1);
    leave();
  });
});

describe('a client that wakes', () => {
  const resumes = () => backend.commands.filter(({ name }) => name === 'resume').length;

  test('compares its positions at once', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    await ready(client);
    await until('resumed', () => resumes() === 1);
    backend.lose = () => true;
    backend.world.send(id, 'ben', 'while it slept');
    see('visible');
    await until('healed', () => client.store.get().totalUnread === 1);
  });

  test('compares them again after a comparison that was under way', async () => {
    const id = backend.world.create(['ana', 'ben']);
    const client = clientOf('ana');
    backend.lose = () => true;
    backend.onCommand = (name) => {
      // The answer is made before the message, and read after the page woke.
      if (name === 'resume' && resumes() === 1) {
        queueMicrotask(() => {
          backend.world.send(id, 'ben', 'while it slept');
          see('visible');
        });
      }
      return 'answer';
    };
    await ready(client);
    await until('healed', () => client.store.get().totalUnread === 1);
  });

  test.each([1, 2])('makes a connection anew that does not answer its comparison %i', async (unanswered) => {
    backend.onCommand = (name) => (name === 'resume' && resumes() >= unanswered ? 'ignore' : 'answer');
    const client = clientOf('ana');
    await ready(client);
    await until('resumed', () => resumes() === 1);
    const before = [...backend.io.sockets.sockets.keys()];
    see('visible');
    await until('a new socket', () => [...backend.io.sockets.sockets.keys()].some((key) => !before.includes(key)));
  });

  test('does not wait for its turn to come back', async () => {
    const client = clientOf('ana', { timing: { reconnectDelayMs: 60_000, reconnectDelayMaxMs: 60_000 } });
    await ready(client);
    backend.emit('server_draining', { reconnectInMs: 60_000 }, ['user:ana']);
    await until('gone', () => client.store.get().connection.status === 'reconnecting');
    see('visible');
    await ready(client);
  });
});
