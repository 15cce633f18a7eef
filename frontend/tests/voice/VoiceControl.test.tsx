// @vitest-environment jsdom
/** Recording by key, by mouse and by finger, with everything that devices and people do in between. */

import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { Announcer } from '../../src/app/parts/announcer';
import type { Devices } from '../../src/app/voice/microphone';
import { Playback, PlaybackContext } from '../../src/app/voice/playback';
import { MAX_MS, WARN_MS, type Recording } from '../../src/app/voice/recorder';
import { VoiceControl } from '../../src/app/voice/VoiceControl';
import { PROBLEMS } from '../../src/app/voice/words';
import { FakeBrowser, FakeContext, FakeRecorder, HandClock } from './browser';
import { completeJsdom } from './jsdom';

let urls: Set<string>;
let browser: FakeBrowser;
let clock: HandClock;
let visibility: DocumentVisibilityState;

beforeEach(() => {
  browser = new FakeBrowser();
  clock = new HandClock();
  visibility = 'visible';
  urls = completeJsdom();
  vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
});

afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function control({ devices, deliver = () => Promise.resolve() }: { devices?: Devices; deliver?: () => Promise<void> } = {}) {
  const sent: Recording[] = [];
  const activity: boolean[] = [];
  const busy: boolean[] = [];
  const onSend = async (recording: Recording) => {
    await deliver();
    sent.push(recording);
  };
  const { unmount } = render(
    <StrictMode>
      <PlaybackContext value={new Playback()}>
        <VoiceControl devices={devices ?? browser.devices()} clock={clock} onSend={onSend} onActivity={(recording) => activity.push(recording)} onBusy={(now) => busy.push(now)} />
        <Announcer />
      </PlaybackContext>
    </StrictMode>,
  );
  return { user: userEvent.setup(), sent, activity, busy, unmount };
}

const button = (name: string | RegExp) => screen.findByRole('button', { name });
const phase = () => screen.getByRole('group', { name: 'Voice message' }).dataset['phase'];
const reaches = (wanted: string) => waitFor(() => expect(phase()).toBe(wanted));
/** What stands above the composer, not what is only heard. */
const note = (words: string) => screen.findByText(words, { selector: 'p' });
const heard = () => screen.getByRole('status', { name: 'Announcements' }).textContent;

async function started(user: ReturnType<typeof userEvent.setup>): Promise<void> {
  (await button('Record a voice message')).focus();
  await user.keyboard('{Enter}');
  await reaches('locked');
}

describe('by key', () => {
  test('Enter starts, again it stops, then it is heard and sent, with its length and its waveform', async () => {
    const { user, sent, activity, busy } = control();
    await started(user);
    expect(heard()).toBe('Recording.');
    expect(browser.recorder.options).toMatchObject({ mimeType: 'audio/webm;codecs=opus' });
    clock.pass(7_000);
    expect(await screen.findByText('0:07')).toBeDefined();
    await user.keyboard('{Enter}');
    await reaches('review');
    expect(heard()).toBe('Recorded 0:07. Listen to it, send it or delete it.');
    expect(screen.getByRole('group', { name: 'Your recording, 0:07' })).toBeDefined();
    await user.click(await button('Send the voice message'));
    await reaches('idle');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.durationMs).toBe(7_000);
    expect(sent[0]?.waveform).toHaveLength(64);
    expect(Math.max(...(sent[0]?.waveform ?? []))).toBe(100);
    expect(sent[0]?.blob.size).toBeGreaterThan(0);
    expect(sent[0]?.blob.type).toBe('audio/webm;codecs=opus');
    expect(activity).toEqual([true, false]);
    expect(busy).toEqual([true, false]);
    expect(browser.quiet && !clock.running).toBe(true);
    expect(urls.size).toBe(0);
  });

  test('a pause is not in it', async () => {
    const { user, sent, activity } = control();
    await started(user);
    clock.pass(2_000);
    await user.click(await button('Pause'));
    expect(heard()).toBe('Paused at 0:02.');
    expect(browser.recorder.state).toBe('paused');
    clock.pass(60_000);
    await user.click(await button('Go on recording'));
    expect(browser.recorder.state).toBe('recording');
    clock.pass(1_000);
    await user.click(await button('Stop recording'));
    await user.click(await button('Send the voice message'));
    await reaches('idle');
    expect(sent[0]?.durationMs).toBe(3_000);
    expect(activity).toEqual([true, false, true, false]);
  });

  test('Escape ends it and keeps what was said', async () => {
    const { user } = control();
    await started(user);
    clock.pass(2_000);
    await user.keyboard('{Escape}');
    await reaches('review');
  });

  test('deleting throws it away, frees the microphone and gives the focus back', async () => {
    const { user, sent } = control();
    await started(user);
    clock.pass(2_000);
    await user.click(await button('Delete the recording'));
    expect(phase()).toBe('idle');
    expect(heard()).toBe('Recording deleted.');
    expect(document.activeElement).toBe(await button('Record a voice message'));
    await waitFor(() => expect(browser.quiet && !clock.running).toBe(true));
    expect(sent).toEqual([]);
  });

  test('the second click of two in haste stops it, and sends nothing unheard', async () => {
    const { user, sent } = control();
    await started(user);
    clock.pass(2_000);
    await user.dblClick(await button('Stop recording'));
    await reaches('review');
    expect(sent).toEqual([]);
  });
});

describe('by finger', () => {
  const at = (clientX: number, clientY: number) => ({ button: 0, pointerId: 1, clientX, clientY });

  async function hold(): Promise<HTMLElement> {
    const mic = await button('Record a voice message');
    fireEvent.pointerDown(mic, at(300, 500));
    await reaches('recording');
    return mic;
  }

  test('held and let go, it is there to be heard', async () => {
    control();
    const mic = await hold();
    clock.pass(3_000);
    fireEvent.pointerUp(mic, at(300, 500));
    fireEvent.click(mic, { detail: 1 });
    await reaches('review');
  });

  test('slid to the left it is gone', async () => {
    control();
    const mic = await hold();
    clock.pass(3_000);
    fireEvent.pointerMove(mic, at(260, 500));
    expect(phase()).toBe('recording');
    fireEvent.pointerMove(mic, at(180, 500));
    expect(phase()).toBe('idle');
    fireEvent.pointerUp(mic, at(180, 500));
    fireEvent.click(mic, { detail: 1 });
    expect(phase()).toBe('idle');
    await waitFor(() => expect(browser.quiet).toBe(true));
  });

  test('slid up it goes on without the finger', async () => {
    control();
    const mic = await hold();
    clock.pass(1_000);
    fireEvent.pointerMove(mic, at(300, 420));
    fireEvent.pointerUp(mic, at(300, 420));
    fireEvent.click(mic, { detail: 1 });
    expect(phase()).toBe('locked');
    fireEvent.pointerDown(mic, at(300, 500));
    fireEvent.pointerUp(mic, at(300, 500));
    fireEvent.click(mic, { detail: 1 });
    await reaches('review');
  });

  test('a tap goes on too, and so does what the browser takes the finger from', async () => {
    control();
    const mic = await hold();
    fireEvent.pointerUp(mic, at(300, 500));
    fireEvent.click(mic, { detail: 1 });
    expect(phase()).toBe('locked');
    cleanup();
    control();
    const other = await hold();
    clock.pass(1_000);
    fireEvent.pointerCancel(other, at(300, 500));
    expect(phase()).toBe('locked');
  });

  test('let go too soon, nothing is kept and the way is told', async () => {
    control();
    const mic = await hold();
    clock.pass(400);
    fireEvent.pointerUp(mic, at(300, 500));
    expect(phase()).toBe('idle');
    expect(await note('Hold the microphone while you speak, or tap it once to start.')).toBeDefined();
    await waitFor(() => expect(browser.quiet).toBe(true));
  });

  test('another button of the mouse records nothing', async () => {
    control();
    fireEvent.pointerDown(await button('Record a voice message'), { ...at(0, 0), button: 2 });
    expect(phase()).toBe('idle');
  });
});

describe('what devices do', () => {
  test.each([
    ['NotAllowedError', PROBLEMS.denied],
    ['NotFoundError', PROBLEMS.noDevice],
    ['NotReadableError', PROBLEMS.busy],
    ['TypeError', PROBLEMS.broken],
  ])('%s is told in words, and can be tried again', async (name, words) => {
    browser.refuse(name);
    const { user } = control();
    await user.click(await button('Record a voice message'));
    expect(await note(words)).toBeDefined();
    expect(heard()).toBe(words);
    expect(browser.locks.held).toBe(false);
    browser.answer = () => Promise.resolve();
    await user.click(await button('Try again'));
    await reaches('locked');
  });

  test('a browser without Opus says so, asks for nothing, and offers no second try', async () => {
    FakeRecorder.types = ['audio/mp4'];
    const { user } = control();
    await user.click(await button('Record a voice message'));
    expect(await note(PROBLEMS.unsupported)).toBeDefined();
    expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
    expect(browser.streams).toEqual([]);
    await user.click(await button('Dismiss'));
    expect(screen.queryByText(PROBLEMS.unsupported, { selector: 'p' })).toBeNull();
  });

  test('Ogg is taken where there is no WebM', async () => {
    FakeRecorder.types = ['audio/ogg;codecs=opus'];
    const { user } = control();
    await started(user);
    expect(browser.recorder.options.mimeType).toBe('audio/ogg;codecs=opus');
  });

  test.each([
    [{ secure: false }, PROBLEMS.insecure],
    [{ mediaDevices: undefined }, PROBLEMS.unsupported],
    [{ MediaRecorder: undefined }, PROBLEMS.unsupported],
  ])('without what it needs it says what is missing: %o', async (lacking, words) => {
    const { user } = control({ devices: browser.devices(lacking) });
    await user.click(await button('Record a voice message'));
    expect(await note(words)).toBeDefined();
  });

  test('a microphone that is unplugged ends it, and what was said before is kept', async () => {
    const { user } = control();
    await started(user);
    clock.pass(4_000);
    browser.unplug();
    await reaches('review');
    expect(await note('The microphone is gone. What was recorded before is kept.')).toBeDefined();
    expect(screen.getByRole('group', { name: 'Your recording, 0:04' })).toBeDefined();
    await waitFor(() => expect(browser.quiet).toBe(true));
  });

  test('a recorder that fails at once frees the microphone', async () => {
    const start = vi.spyOn(FakeRecorder.prototype, 'start').mockImplementation(function (this: FakeRecorder) {
      queueMicrotask(() => this.onerror?.());
    });
    const { user } = control();
    await user.click(await button('Record a voice message'));
    expect(await note(PROBLEMS.broken)).toBeDefined();
    expect(start).toHaveBeenCalled();
    expect(browser.streams).toHaveLength(1);
    expect(browser.streams[0]?.track.readyState).toBe('ended');
    expect(browser.locks.held).toBe(false);
  });

  test('without a way to measure it records all the same', async () => {
    const { user, sent } = control({ devices: browser.devices({ AudioContext: undefined }) });
    await started(user);
    clock.pass(2_000);
    await user.click(await button('Stop recording'));
    await user.click(await button('Send the voice message'));
    await reaches('idle');
    expect(sent[0]?.waveform).toEqual(Array.from({ length: 64 }, () => 0));
    expect(FakeContext.open).toBe(0);
  });

  test('one at a time in all tabs', async () => {
    browser.locks.held = true;
    const { user } = control();
    await user.click(await button('Record a voice message'));
    expect(await note(PROBLEMS.another)).toBeDefined();
    expect(browser.streams).toEqual([]);
  });

  test('a page that is hidden pauses it, and says so', async () => {
    const { user } = control();
    await started(user);
    clock.pass(2_000);
    visibility = 'hidden';
    fireEvent(document, new Event('visibilitychange'));
    expect(phase()).toBe('paused');
    expect(browser.recorder.state).toBe('paused');
    expect(await note('The recording paused while this page was in the background.')).toBeDefined();
  });

  test('an answer that comes after it was cancelled opens nothing', async () => {
    let answer: () => void = () => undefined;
    browser.answer = () => new Promise((resolve) => (answer = resolve));
    const { user } = control();
    await user.click(await button('Record a voice message'));
    await reaches('asking');
    await user.keyboard('{Escape}');
    expect(phase()).toBe('idle');
    expect(browser.locks.held).toBe(false);
    answer();
    await waitFor(() => expect(browser.streams).toHaveLength(1));
    await waitFor(() => expect(browser.quiet).toBe(true));
    expect(phase()).toBe('idle');
  });

  test('leaving the page in the middle frees everything, and the others hear that one stopped', async () => {
    const { user, activity, unmount } = control();
    await started(user);
    clock.pass(2_000);
    unmount();
    await waitFor(() => expect(browser.quiet && !clock.running).toBe(true));
    expect(activity).toEqual([true, false]);
  });

  test('near the limit one is warned, at the limit it stops and is kept', async () => {
    const { user } = control();
    await started(user);
    clock.pass(MAX_MS - WARN_MS, 10_000);
    expect(await screen.findByText('30 s left')).toBeDefined();
    expect(heard()).toBe('30 seconds left.');
    clock.pass(WARN_MS, 1_000);
    await reaches('review');
    expect(screen.getByRole('group', { name: 'Your recording, 10:00' })).toBeDefined();
    expect(heard()).toContain('10 minutes at most');
  });
});

test('what is played falls silent when one records', async () => {
  const playback = new Playback();
  const pause = vi.spyOn(HTMLMediaElement.prototype, 'pause').mockImplementation(() => undefined);
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockResolvedValue();
  render(
    <PlaybackContext value={playback}>
      <VoiceControl devices={browser.devices()} clock={clock} onSend={() => Promise.resolve()} />
      <Announcer />
    </PlaybackContext>,
  );
  playback.play({ id: 'a', url: '/a.webm', durationMs: 1_000 });
  expect(playback.state.get().status).toBe('loading');
  await started(userEvent.setup());
  expect(pause).toHaveBeenCalled();
  expect(playback.state.get().status).toBe('paused');
});

test('what cannot be sent is kept, and sent by the next try', async () => {
  let fails = true;
  const { user, sent } = control({ deliver: () => (fails ? Promise.reject(new Error('no network')) : Promise.resolve()) });
  await started(user);
  clock.pass(2_000);
  await user.click(await button('Stop recording'));
  await user.click(await button('Send the voice message'));
  expect(await note(PROBLEMS.unsent)).toBeDefined();
  expect(urls.size).toBe(1);
  fails = false;
  await user.click(await button('Send the voice message'));
  await reaches('idle');
  expect(sent).toHaveLength(1);
  expect(urls.size).toBe(0);
});
