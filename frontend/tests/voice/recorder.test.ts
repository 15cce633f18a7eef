/** What may follow what while a voice message is recorded, and how long it lasts. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { clockText, lengthText } from '../../src/app/voice/clockText';
import { CANCEL_PX, LOCK_PX, slideOf, wishOf } from '../../src/app/voice/gesture';
import { folded, levelOf, WAVEFORM_BARS, waveformOf } from '../../src/app/voice/levels';
import { elapsedMs, IDLE, isTaking, MAX_MS, MIN_MS, recordingOf, reduce, TAP_MS, WARN_MS, type Recording, type RecorderEvent, type RecorderState } from '../../src/app/voice/recorder';
import { noteOf, PROBLEMS, saidOf, secondsLeft } from '../../src/app/voice/words';

const recording: Recording = { blob: new Blob(['x']), durationMs: 7_000, waveform: [], url: 'blob:1' };

function after(...events: RecorderEvent[]): RecorderState {
  return events.reduce(reduce, IDLE);
}

const held: RecorderEvent = { type: 'press', held: true, now: 0 };
const tapped: RecorderEvent = { type: 'press', held: false, now: 0 };
const granted = (now: number): RecorderEvent => ({ type: 'granted', now });
const letGo = (now: number): RecorderEvent => ({ type: 'letGo', now });
const stop = (now: number): RecorderEvent => ({ type: 'stop', now, aside: null });
const finished: RecorderEvent = { type: 'finished', recording };

describe('holding and tapping', () => {
  test('held until it is let go, it is there to be heard before it is sent', () => {
    expect(after(held, granted(100)).phase).toBe('recording');
    expect(after(held, granted(100), letGo(5_100))).toMatchObject({ phase: 'stopping', keptMs: 5_000 });
    expect(after(held, granted(100), letGo(5_100), finished)).toEqual({ phase: 'review', recording, aside: null });
  });

  test('a tap goes on without the finger, a press as short as a mistake is none', () => {
    expect(after(held, granted(100), letGo(TAP_MS - 1)).phase).toBe('locked');
    expect(after(held, granted(100), letGo(100 + MIN_MS - 1))).toEqual({ phase: 'idle', aside: 'short' });
    expect(after(held, granted(100), letGo(100 + MIN_MS)).phase).toBe('stopping');
  });

  test('a finger that the question for the microphone took away is not waited for', () => {
    expect(after(held, letGo(3_000), granted(4_000))).toMatchObject({ phase: 'locked', since: 4_000 });
    expect(after(held, { type: 'lock' }, granted(4_000)).phase).toBe('locked');
  });

  test('by key it never hangs on a finger', () => {
    expect(after(tapped, granted(100), letGo(9_000)).phase).toBe('locked');
  });
});

describe('time', () => {
  test('pauses do not count', () => {
    const state = after(tapped, granted(0), { type: 'pause', now: 2_000, aside: null }, { type: 'resume', now: 60_000 }, { type: 'tick', now: 61_500 });
    expect(state).toMatchObject({ phase: 'locked', seconds: 3 });
    expect(reduce(state, stop(62_000))).toMatchObject({ phase: 'stopping', keptMs: 4_000 });
  });

  test('a tick within a second changes nothing that is seen', () => {
    const state = after(tapped, granted(0), { type: 'tick', now: 1_100 });
    expect(reduce(state, { type: 'tick', now: 1_900 })).toBe(state);
    expect(reduce(state, { type: 'tick', now: 2_000 })).toMatchObject({ seconds: 2 });
  });

  test('at the limit it stops by itself, keeps everything, and says so', () => {
    const state = after(tapped, granted(0), { type: 'tick', now: MAX_MS + 40 });
    expect(state).toMatchObject({ phase: 'stopping', keptMs: MAX_MS, aside: 'limit' });
    const kept = reduce(state, finished);
    expect(recordingOf(kept)).toBe(recording);
    expect(noteOf(kept)).toBe('A voice message lasts 10 minutes at most: the recording stopped here, all of it is kept.');
  });

  test('the last seconds are told, those before them are not', () => {
    const at = (now: number) => secondsLeft(after(tapped, granted(0), { type: 'tick', now }));
    expect(at(MAX_MS - WARN_MS - 1)).toBeNull();
    expect(at(MAX_MS - WARN_MS)).toBe(WARN_MS / 1_000);
    expect(at(MAX_MS - 1_000)).toBe(1);
  });
});

describe('what goes wrong', () => {
  test('a refusal is told in words, and can be tried again', () => {
    const state = after(tapped, { type: 'failed', problem: 'denied' });
    expect(noteOf(state)).toBe(PROBLEMS.denied);
    expect(reduce(state, tapped).phase).toBe('asking');
  });

  test('what could not be sent is kept, can be sent again, and is not recorded over', () => {
    const state = after(tapped, granted(0), stop(7_000), finished, { type: 'send' }, { type: 'unsent' });
    expect(state).toEqual({ phase: 'failed', problem: 'unsent', recording });
    expect(reduce(state, tapped)).toBe(state);
    expect([{ type: 'send' } as const, { type: 'sent' } as const].reduce(reduce, state)).toBe(IDLE);
  });

  test('an empty recording is told, not sent', () => {
    const empty = { ...recording, blob: new Blob() };
    expect(after(tapped, granted(0), stop(7_000), { type: 'finished', recording: empty })).toMatchObject({ phase: 'failed', problem: 'empty' });
  });

  test('a page in the background pauses also what a finger holds', () => {
    const state = after(held, granted(0), { type: 'pause', now: 2_000, aside: 'hidden' }, letGo(2_100));
    expect(state).toMatchObject({ phase: 'paused', aside: 'hidden', keptMs: 2_000 });
    expect(saidOf(after(held, granted(0)), state)).toBe('Paused at 0:02. The recording paused while this page was in the background.');
  });
});

const now = fc.nat({ max: 4_000 });
const event: fc.Arbitrary<{ step: number; make: (now: number) => RecorderEvent }> = fc.record({
  step: now,
  make: fc.constantFrom<((now: number) => RecorderEvent)[]>(
    (at) => ({ type: 'press', held: true, now: at }),
    (at) => ({ type: 'press', held: false, now: at }),
    granted,
    granted,
    letGo,
    () => ({ type: 'lock' }),
    (at) => ({ type: 'pause', now: at, aside: null }),
    (at) => ({ type: 'resume', now: at }),
    stop,
    (at) => ({ type: 'tick', now: at }),
    (at) => ({ type: 'tick', now: at }),
    () => finished,
    () => ({ type: 'failed', problem: 'broken' }),
    () => ({ type: 'cancel' }),
    () => ({ type: 'send' }),
    () => ({ type: 'sent' }),
    () => ({ type: 'unsent' }),
  ),
});

test('in any order of events: only the person or a send ends a recording, time never runs back while it lasts, and never past the limit', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 80 }), (steps) => {
      let state = IDLE;
      let at = 0;
      for (const { step, make } of steps) {
        at += step;
        const next = make(at);
        const result = reduce(state, next);
        if (recordingOf(state) !== null && recordingOf(result) === null) expect(['cancel', 'sent']).toContain(next.type);
        if (isTaking(state) && isTaking(result) && result.phase !== 'asking') expect(elapsedMs(result, at)).toBeGreaterThanOrEqual(Math.min(MAX_MS, elapsedMs(state, at)));
        if (result.phase === 'stopping' || result.phase === 'paused') expect(result.keptMs).toBeLessThanOrEqual(MAX_MS);
        if (state.phase === 'sending' && result !== state) expect(['sent', 'unsent']).toContain(next.type);
        state = result;
      }
    }),
  );
});

describe('the finger', () => {
  test('far to the left cancels, far up locks, and what went farther decides', () => {
    expect(wishOf(-CANCEL_PX, 0)).toBe('cancel');
    expect(wishOf(0, -LOCK_PX)).toBe('lock');
    expect(wishOf(-CANCEL_PX, -CANCEL_PX - 1)).toBe('lock');
    expect(wishOf(1 - CANCEL_PX, 1 - LOCK_PX)).toBe('record');
    expect(wishOf(300, 300)).toBe('record');
  });

  test('the hint follows it to the left only, and no farther than it counts', () => {
    expect([20, 0, -30, -400].map(slideOf)).toEqual([0, 0, 30, CANCEL_PX]);
  });
});

describe('levels', () => {
  const tone = (height: number) => Float32Array.from({ length: 1_024 }, (_, index) => height * Math.sin(index / 3));

  test('silence is 0, full volume is 1, and louder is more', () => {
    expect(levelOf(new Float32Array(1_024))).toBe(0);
    expect(levelOf(tone(1))).toBe(1);
    expect(levelOf(tone(0.01))).toBeGreaterThan(0.1);
    expect(levelOf(tone(0.1))).toBeGreaterThan(levelOf(tone(0.01)));
  });

  test('a waveform has its bars whatever the length, the loudest at 100', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 400 }), (levels) => {
        const bars = waveformOf(levels);
        expect(bars).toHaveLength(WAVEFORM_BARS);
        for (const bar of bars) expect(Number.isInteger(bar) && bar >= 0 && bar <= 100).toBe(true);
        if (Math.max(0, ...levels) >= 0.04) expect(Math.max(...bars)).toBe(100);
      }),
    );
  });

  test('silence is not blown up to look like speech', () => {
    expect(Math.max(...waveformOf([0.01, 0.02, 0.01]))).toBe(0);
  });

  test('fewer bars keep the peaks, more bars repeat the values', () => {
    expect(folded([1, 9, 2, 3], 2)).toEqual([9, 3]);
    expect(folded([1, 2], 4)).toEqual([1, 1, 2, 2]);
  });
});

test('lengths read as on a clock, and nothing that was recorded lasts 0:00', () => {
  expect([0, 999, 7_400, 61_000, 600_000, 3_723_000, -5].map(clockText)).toEqual(['0:00', '0:00', '0:07', '1:01', '10:00', '1:02:03', '0:00']);
  expect([200, 7_400, 7_600].map(lengthText)).toEqual(['0:01', '0:07', '0:08']);
});
