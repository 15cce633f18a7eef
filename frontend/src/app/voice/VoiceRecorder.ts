/**
 * Follows the recorder's state with what the browser must do: opens and closes the microphone, measures, keeps time,
 * and pauses when nobody looks. `attach` while it is on the page; what that returns ends everything.
 */

import { Subscribable } from '../../client';
import { waveformOf } from './levels';
import { openTake, RecordingProblem, type Devices, type Take } from './microphone';
import { IDLE, isTaking, recordingOf, reduce, type Aside, type Recording, type RecorderEvent, type RecorderState } from './recorder';

export interface Clock {
  now: () => number;
  /** Until the returned function is called. */
  every: (ms: number, act: () => void) => () => void;
}

export const SAMPLE_MS = 50;

export const pageClock: Clock = {
  now: () => performance.now(),
  every: (ms, act) => {
    const timer = setInterval(act, ms);
    return () => clearInterval(timer);
  },
};

export class VoiceRecorder {
  readonly state = new Subscribable<RecorderState>(IDLE);
  private levels: number[] = [];
  private take: Take | null = null;
  private stopClock: (() => void) | null = null;
  /** Aborted with the take that it is for: what was cancelled may still be answered. */
  private wanted = new AbortController();
  private attached = false;

  constructor(
    private readonly devices: Devices,
    private readonly clock: Clock = pageClock,
  ) {}

  attach(): () => void {
    const onHidden = () => {
      if (document.visibilityState === 'hidden') this.pause('hidden');
    };
    document.addEventListener('visibilitychange', onHidden);
    this.attached = true;
    return () => {
      this.attached = false;
      document.removeEventListener('visibilitychange', onHidden);
      this.dispatch({ type: 'cancel' });
      this.letGoOfAll();
    };
  }

  /** The newest `count` levels, from 0 to 1, the last one now. */
  recent(count: number): readonly number[] {
    return this.levels.slice(-count);
  }

  press(held: boolean): void {
    this.dispatch({ type: 'press', held, now: this.clock.now() });
  }

  letGo(): void {
    this.dispatch({ type: 'letGo', now: this.clock.now() });
  }

  lock(): void {
    this.dispatch({ type: 'lock' });
  }

  pause(aside: Aside | null = null): void {
    this.dispatch({ type: 'pause', aside, now: this.clock.now() });
  }

  resume(): void {
    this.dispatch({ type: 'resume', now: this.clock.now() });
  }

  stop(aside: Aside | null = null): void {
    this.dispatch({ type: 'stop', aside, now: this.clock.now() });
  }

  /** Throw away what is recorded, or the message about a problem. */
  cancel(): void {
    this.dispatch({ type: 'cancel' });
  }

  /** `deliver` resolves when the message is in other hands; when it rejects, the recording is kept. */
  async send(deliver: (recording: Recording) => Promise<void>): Promise<void> {
    this.dispatch({ type: 'send' });
    const state = this.state.get();
    if (state.phase !== 'sending') return;
    try {
      await deliver(state.recording);
      this.dispatch({ type: 'sent' });
    } catch {
      this.dispatch({ type: 'unsent' });
      if (!this.attached) this.cancel();
    }
  }

  private dispatch(event: RecorderEvent): void {
    const before = this.state.get();
    const after = reduce(before, event);
    if (after === before) return;
    this.state.set(after);
    this.follow(before, after);
  }

  private follow(before: RecorderState, after: RecorderState): void {
    if (after.phase === before.phase) return;
    if (after.phase === 'asking') void this.open();
    if (after.phase === 'paused') this.take?.pause();
    if (before.phase === 'paused' && after.phase === 'locked') this.take?.resume();
    if (after.phase === 'stopping') void this.finish(after.keptMs);
    if (!isTaking(after)) this.letGoOfAll();
    const recording = recordingOf(before);
    if (recording !== null && recordingOf(after) !== recording) URL.revokeObjectURL(recording.url);
  }

  private async open(): Promise<void> {
    const { signal } = (this.wanted = new AbortController());
    this.levels = [];
    try {
      const take = await openTake(this.devices, {
        signal,
        onEnd: () => {
          if (!signal.aborted) this.stop('unplugged');
        },
      });
      if (signal.aborted) take.close();
      else this.begin(take);
    } catch (error) {
      if (!signal.aborted) this.dispatch({ type: 'failed', problem: error instanceof RecordingProblem ? error.problem : 'broken' });
    }
  }

  private begin(take: Take): void {
    this.take = take;
    this.stopClock = this.clock.every(SAMPLE_MS, () => {
      this.sample(take);
    });
    this.dispatch({ type: 'granted', now: this.clock.now() });
    if (document.visibilityState === 'hidden') this.pause('hidden');
  }

  private sample(take: Take): void {
    const { phase } = this.state.get();
    if (phase === 'recording' || phase === 'locked') this.levels.push(take.level());
    this.dispatch({ type: 'tick', now: this.clock.now() });
  }

  private async finish(durationMs: number): Promise<void> {
    const { signal } = this.wanted;
    this.stopClock?.();
    const blob = await this.take?.stop();
    if (signal.aborted || blob === undefined) return;
    const recording = { blob, durationMs: Math.round(durationMs), waveform: waveformOf(this.levels), url: URL.createObjectURL(blob) };
    this.dispatch({ type: 'finished', recording });
    if (recordingOf(this.state.get()) === null) URL.revokeObjectURL(recording.url);
  }

  private letGoOfAll(): void {
    this.wanted.abort();
    this.stopClock?.();
    this.stopClock = null;
    this.take?.close();
    this.take = null;
  }
}
