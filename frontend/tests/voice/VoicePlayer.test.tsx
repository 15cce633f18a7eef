// @vitest-environment jsdom
/** Listening: one at a time, seeking by hand and by key, speed, and what happens when a file does not come. */

import { act, cleanup, fireEvent, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { StrictMode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Announcer } from '../../src/app/parts/announcer';
import { Playback, PlaybackContext } from '../../src/app/voice/playback';
import { VoicePlayer } from '../../src/app/voice/VoicePlayer';
import { completeJsdom } from './jsdom';

/** An audio element as browsers have it for a WebM that was recorded: it never knows its length before it has played. */
class FakeAudio extends EventTarget {
  static made: FakeAudio[] = [];
  src = '';
  preload = '';
  currentTime = 0;
  playbackRate = 1;
  paused = true;
  readonly duration = Number.POSITIVE_INFINITY;
  refusal: DOMException | null = null;

  constructor() {
    super();
    FakeAudio.made.push(this);
  }

  play(): Promise<void> {
    this.paused = false;
    return this.refusal ? Promise.reject(this.refusal) : Promise.resolve();
  }

  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.tell('pause');
  }

  load(): void {
    this.paused = true;
  }

  removeAttribute(): void {
    this.src = '';
  }

  tell(...names: string[]): void {
    act(() => {
      for (const name of names) this.dispatchEvent(new Event(name));
    });
  }

  /** It sounds until there. */
  reach(seconds: number): void {
    this.currentTime = seconds;
    this.tell('playing', 'timeupdate');
  }

  end(): void {
    this.paused = true;
    this.tell('timeupdate', 'pause', 'ended');
  }
}

let playback: Playback;

beforeEach(() => {
  localStorage.clear();
  FakeAudio.made = [];
  completeJsdom();
  playback = new Playback(() => new FakeAudio() as unknown as HTMLAudioElement);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function players(...ids: string[]) {
  const view = render(
    <StrictMode>
      <PlaybackContext value={playback}>
        {ids.map((id) => (
          <VoicePlayer key={id} id={id} src={`/${id}.webm`} durationMs={31_000} waveform={[10, 80, 100]} label={id} />
        ))}
        <Announcer />
      </PlaybackContext>
    </StrictMode>,
  );
  return { user: userEvent.setup(), ...view };
}

const one = (name: string) => within(screen.getByRole('group', { name: `${name}, 0:31` }));
const slider = (name: string) => one(name).getByRole('slider');
const place = (name: string) => slider(name).getAttribute('aria-valuetext');

function audio(index = -1): FakeAudio {
  const found = FakeAudio.made.at(index);
  if (found === undefined) throw new Error('nothing was loaded');
  return found;
}

test('nothing is loaded before the first play; then it sounds, tells how far it is, and can be paused', async () => {
  const { user } = players('ana');
  expect(FakeAudio.made).toEqual([]);
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  expect(audio().src).toBe('/ana.webm');
  expect(one('ana').getByRole('button', { name: 'Pause' }).getAttribute('aria-busy')).toBe('true');
  audio().reach(7.4);
  expect(one('ana').getByRole('button', { name: 'Pause' }).getAttribute('aria-busy')).toBe('false');
  expect(place('ana')).toBe('0:07 of 0:31');
  expect(one('ana').getByText('0:07 / 0:31')).toBeDefined();
  await user.click(one('ana').getByRole('button', { name: 'Pause' }));
  expect(audio().paused).toBe(true);
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  expect(FakeAudio.made).toHaveLength(1);
  expect(audio().currentTime).toBe(7.4);
});

test('who plays next stops the one before, which keeps its place', async () => {
  const { user } = players('ana', 'ben');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(5);
  await user.click(one('ben').getByRole('button', { name: 'Play' }));
  audio().reach(1);
  expect(audio(0).paused).toBe(true);
  expect(audio(1).paused).toBe(false);
  expect(one('ana').getByRole('button', { name: 'Play' })).toBeDefined();
  expect(place('ana')).toBe('0:05 of 0:31');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  expect(audio().currentTime).toBe(5);
});

test('what the one before still tells changes nothing', async () => {
  const { user } = players('ana', 'ben');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  await user.click(one('ben').getByRole('button', { name: 'Play' }));
  audio(1).reach(2);
  audio(0).tell('error', 'pause', 'ended');
  expect(one('ben').getByRole('button', { name: 'Pause' })).toBeDefined();
  expect(place('ben')).toBe('0:02 of 0:31');
});

test('at its end it is at its start again', async () => {
  const { user } = players('ana');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(30.9);
  audio().end();
  expect(place('ana')).toBe('0:00 of 0:31');
  expect(one('ana').getByRole('button', { name: 'Play' })).toBeDefined();
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  expect(audio().currentTime).toBe(0);
});

test('keys move it by five seconds, to the start and to the end, before it was ever played too', async () => {
  const { user } = players('ana');
  slider('ana').focus();
  await user.keyboard('{ArrowRight}{ArrowRight}{ArrowUp}{ArrowLeft}');
  expect(place('ana')).toBe('0:10 of 0:31');
  expect(slider('ana').getAttribute('aria-valuenow')).toBe('10');
  expect(FakeAudio.made).toEqual([]);
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  expect(audio().currentTime).toBe(10);
  slider('ana').focus();
  await user.keyboard('{End}');
  expect(place('ana')).toBe('0:31 of 0:31');
  expect(audio().currentTime).toBe(31);
  await user.keyboard('{Home}{ArrowLeft}');
  expect(place('ana')).toBe('0:00 of 0:31');
  expect(audio().currentTime).toBe(0);
});

test('drawn by hand it shows where it would be, and goes there when it is let go', async () => {
  const { user } = players('ana');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(2);
  const line = slider('ana');
  line.getBoundingClientRect = () => new DOMRect(100, 0, 200, 30);
  const at = (clientX: number) => ({ button: 0, pointerId: 1, clientX });
  fireEvent.pointerDown(line, at(200));
  expect(place('ana')).toBe('0:15 of 0:31');
  fireEvent.pointerMove(line, at(900));
  expect(place('ana')).toBe('0:31 of 0:31');
  expect(audio().currentTime).toBe(2);
  fireEvent.pointerMove(line, at(150));
  fireEvent.pointerUp(line, at(150));
  expect(place('ana')).toBe('0:07 of 0:31');
  expect(audio().currentTime).toBe(7.75);
});

test('a touch that becomes a scroll moves nothing', () => {
  players('ana');
  const line = slider('ana');
  line.getBoundingClientRect = () => new DOMRect(0, 0, 200, 30);
  fireEvent.pointerDown(line, { button: 0, pointerId: 1, clientX: 100 });
  fireEvent.pointerCancel(line, { pointerId: 1 });
  expect(place('ana')).toBe('0:00 of 0:31');
});

test('the speed is one for all, changes at once, and is kept', async () => {
  const { user } = players('ana', 'ben');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  await user.click(one('ana').getByRole('button', { name: 'Speed 1×' }));
  expect(audio().playbackRate).toBe(1.5);
  await user.click(one('ben').getByRole('button', { name: 'Speed 1.5×' }));
  expect(audio().playbackRate).toBe(2);
  expect(new Playback().rate.get()).toBe(2);
  await user.click(one('ben').getByRole('button', { name: 'Play' }));
  expect(audio().playbackRate).toBe(2);
  await user.click(one('ben').getByRole('button', { name: 'Speed 2×' }));
  expect(audio().playbackRate).toBe(1);
});

test('a stored speed that is none is ignored', () => {
  localStorage.setItem('stockent.voice.rate', '40');
  expect(new Playback().rate.get()).toBe(1);
});

test('waiting for data is shown as waiting', async () => {
  const { user } = players('ana');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(3);
  audio().tell('waiting');
  expect(one('ana').getByRole('button', { name: 'Pause' }).getAttribute('aria-busy')).toBe('true');
});

test('a file that does not come is told, and loaded anew by the next try, from the same place', async () => {
  const { user } = players('ana');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(4);
  audio().tell('error');
  expect(one('ana').getByText('Could not be played')).toBeDefined();
  expect(screen.getByRole('status', { name: 'Announcements' }).textContent).toBe('The voice message could not be played.');
  await user.click(one('ana').getByRole('button', { name: 'Try again' }));
  expect(FakeAudio.made).toHaveLength(2);
  expect(audio().currentTime).toBe(4);
  audio().reach(5);
  expect(place('ana')).toBe('0:05 of 0:31');
});

test('a play that was paused before its first sound is no failure, one that the browser refuses waits for a click', async () => {
  for (const [name, label] of [
    ['AbortError', 'Pause'],
    ['NotAllowedError', 'Play'],
    ['NotSupportedError', 'Try again'],
  ] as const) {
    playback = new Playback(() => Object.assign(new FakeAudio(), { refusal: new DOMException('', name) }) as unknown as HTMLAudioElement);
    const { user } = players('ana');
    await user.click(one('ana').getByRole('button', { name: 'Play' }));
    expect(await one('ana').findByRole('button', { name: label })).toBeDefined();
    cleanup();
  }
});

test('it plays on while its row is scrolled away, and stops when it is forgotten or all is closed', async () => {
  const { user, unmount } = players('ana');
  await user.click(one('ana').getByRole('button', { name: 'Play' }));
  audio().reach(2);
  unmount();
  expect(audio().paused).toBe(false);
  players('ana');
  expect(one('ana').getByRole('button', { name: 'Pause' })).toBeDefined();
  act(() => playback.forget('ana'));
  expect(audio().paused).toBe(true);
  expect(place('ana')).toBe('0:00 of 0:31');
  act(() => playback.play({ id: 'ana', url: '/ana.webm', durationMs: 31_000 }));
  act(() => playback.close());
  expect(FakeAudio.made.every(({ paused, src }) => paused && src === '')).toBe(true);
});
