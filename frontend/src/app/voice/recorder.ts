/**
 * Recording a voice message as a pure machine: what may follow what, and how long it has lasted. Times come with the
 * events. What the browser must do on the way is in `VoiceRecorder.ts`, which follows this state.
 */

export const MAX_MS = 10 * 60_000;
/** The last stretch, of which the person is warned. */
export const WARN_MS = 30_000;
/** A press that is shorter is a tap: the recording goes on without the finger. */
export const TAP_MS = 350;
/** A shorter one was let go by mistake. */
export const MIN_MS = 500;

export interface Recording {
  blob: Blob;
  durationMs: number;
  /** 64 values from 0 to 100. */
  waveform: readonly number[];
  /** Plays it here, until it is sent or thrown away. */
  url: string;
}

export type Problem = 'unsupported' | 'insecure' | 'denied' | 'noDevice' | 'busy' | 'another' | 'broken' | 'empty' | 'unsent';

/** What happened that the person did not ask for, and that lost nothing. */
export type Aside = 'limit' | 'unplugged' | 'hidden' | 'short';

interface Lasting {
  keptMs: number;
  /** For the eye: whole seconds. */
  seconds: number;
}

interface Running extends Lasting {
  since: number;
}

/** `recording` is held by a finger, `locked` goes on without one. `stopping`: the browser closes what was recorded. */
export type RecorderState =
  | { phase: 'idle'; aside: Aside | null }
  | { phase: 'asking'; pressedAt: number | null }
  | ({ phase: 'recording'; pressedAt: number } & Running)
  | ({ phase: 'locked' } & Running)
  | ({ phase: 'paused'; aside: Aside | null } & Lasting)
  | ({ phase: 'stopping'; aside: Aside | null } & Lasting)
  | { phase: 'review'; recording: Recording; aside: Aside | null }
  | { phase: 'sending'; recording: Recording }
  | { phase: 'failed'; problem: Problem; recording: Recording | null };

export type Phase = RecorderState['phase'];

export type RecorderEvent =
  | { type: 'press'; now: number; held: boolean }
  | { type: 'granted'; now: number }
  | { type: 'letGo'; now: number }
  | { type: 'lock' }
  | { type: 'pause'; now: number; aside: Aside | null }
  | { type: 'resume'; now: number }
  | { type: 'stop'; now: number; aside: Aside | null }
  | { type: 'tick'; now: number }
  | { type: 'finished'; recording: Recording }
  | { type: 'failed'; problem: Problem }
  | { type: 'cancel' }
  | { type: 'send' }
  | { type: 'sent' }
  | { type: 'unsent' };

export const IDLE: RecorderState = { phase: 'idle', aside: null };

/** An event that does not fit the state changes nothing. */
export function reduce(state: RecorderState, event: RecorderEvent): RecorderState {
  switch (event.type) {
    case 'press':
      return canBegin(state) ? { phase: 'asking', pressedAt: event.held ? event.now : null } : state;
    case 'granted':
      return state.phase === 'asking' ? begun(state.pressedAt, event.now) : state;
    case 'letGo':
      return letGo(state, event.now);
    case 'lock':
      return locked(state);
    case 'pause':
      return isRunning(state) ? { phase: 'paused', aside: event.aside, ...lasted(state, event.now) } : state;
    case 'resume':
      return state.phase === 'paused' ? { phase: 'locked', keptMs: state.keptMs, seconds: state.seconds, since: event.now } : state;
    case 'stop':
      return stopped(state, event.now, event.aside);
    case 'tick':
      return ticked(state, event.now);
    case 'finished':
      return state.phase === 'stopping' ? reviewed(event.recording, state.aside) : state;
    case 'failed':
      return isTaking(state) ? { phase: 'failed', problem: event.problem, recording: null } : state;
    case 'cancel':
      return state.phase === 'sending' || state === IDLE ? state : IDLE;
    case 'send':
      return (state.phase === 'review' || state.phase === 'failed') && state.recording ? { phase: 'sending', recording: state.recording } : state;
    case 'sent':
      return state.phase === 'sending' ? IDLE : state;
    case 'unsent':
      return state.phase === 'sending' ? { phase: 'failed', problem: 'unsent', recording: state.recording } : state;
  }
}

export function elapsedMs(state: RecorderState, now: number): number {
  if (isRunning(state)) return state.keptMs + now - state.since;
  return 'keptMs' in state ? state.keptMs : 'recording' in state ? (state.recording?.durationMs ?? 0) : 0;
}

/** Sound is being recorded at this moment. */
export function isRunning(state: RecorderState): state is Extract<RecorderState, Running> {
  return state.phase === 'recording' || state.phase === 'locked';
}

/** The microphone is open, or asked for. */
export function isTaking(state: RecorderState): boolean {
  return isRunning(state) || state.phase === 'asking' || state.phase === 'paused' || state.phase === 'stopping';
}

export function recordingOf(state: RecorderState): Recording | null {
  return 'recording' in state ? state.recording : null;
}

function canBegin(state: RecorderState): boolean {
  return state.phase === 'idle' || (state.phase === 'failed' && state.recording === null);
}

function begun(pressedAt: number | null, now: number): RecorderState {
  const running = { keptMs: 0, seconds: 0, since: now };
  return pressedAt === null ? { phase: 'locked', ...running } : { phase: 'recording', pressedAt, ...running };
}

function letGo(state: RecorderState, now: number): RecorderState {
  if (state.phase === 'asking' || (state.phase === 'recording' && now - state.pressedAt < TAP_MS)) return locked(state);
  if (state.phase !== 'recording') return state;
  return elapsedMs(state, now) < MIN_MS ? { phase: 'idle', aside: 'short' } : stopped(state, now, null);
}

function locked(state: RecorderState): RecorderState {
  if (state.phase === 'asking') return state.pressedAt === null ? state : { phase: 'asking', pressedAt: null };
  return state.phase === 'recording' ? { phase: 'locked', keptMs: state.keptMs, seconds: state.seconds, since: state.since } : state;
}

function stopped(state: RecorderState, now: number, aside: Aside | null): RecorderState {
  return isRunning(state) || state.phase === 'paused' ? { phase: 'stopping', aside, ...lasted(state, now) } : state;
}

function ticked(state: RecorderState, now: number): RecorderState {
  if (!isRunning(state)) return state;
  if (elapsedMs(state, now) >= MAX_MS) return stopped(state, now, 'limit');
  const { seconds } = lasted(state, now);
  return seconds === state.seconds ? state : { ...state, seconds };
}

function reviewed(recording: Recording, aside: Aside | null): RecorderState {
  return recording.blob.size === 0 ? { phase: 'failed', problem: 'empty', recording: null } : { phase: 'review', recording, aside };
}

function lasted(state: RecorderState, now: number): Lasting {
  const keptMs = Math.min(MAX_MS, elapsedMs(state, now));
  return { keptMs, seconds: Math.floor(keptMs / 1_000) };
}
