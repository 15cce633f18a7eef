/** What the recorder says: on the page, and to those who hear it. */

import { clockText, lengthText } from './clockText';
import { MAX_MS, WARN_MS, type Aside, type Problem, type RecorderState } from './recorder';

export const PROBLEMS: Record<Problem, string> = {
  unsupported: 'This browser cannot record voice messages. A current version of Chrome, Edge, Firefox or Safari can.',
  insecure: 'Voice messages can be recorded only on a secure page, one that begins with https.',
  denied: 'The browser does not let this page use the microphone. Allow it in the settings beside the address, then try again.',
  noDevice: 'No microphone was found. Connect one, then try again.',
  busy: 'The microphone could not be opened. Another program may be using it: close that, then try again.',
  another: 'A voice message is being recorded in another tab. Finish it there, then try again.',
  broken: 'The recording could not go on. Try again.',
  empty: 'Nothing was recorded. Check the microphone, then try again.',
  unsent: 'The voice message could not be sent. It is kept here until you try again.',
};

/** Nothing changes by trying again. */
export const HOPELESS: readonly Problem[] = ['unsupported', 'insecure'];

export const ASIDES: Record<Aside, string> = {
  limit: `A voice message lasts ${MAX_MS / 60_000} minutes at most: the recording stopped here, all of it is kept.`,
  unplugged: 'The microphone is gone. What was recorded before is kept.',
  hidden: 'The recording paused while this page was in the background.',
  short: 'Hold the microphone while you speak, or tap it once to start.',
};

/** What stands above the composer, if anything does. */
export function noteOf(state: RecorderState): string | null {
  if (state.phase === 'failed') return PROBLEMS[state.problem];
  const aside = 'aside' in state ? state.aside : null;
  return aside === null ? null : ASIDES[aside];
}

/** In seconds, for the last stretch before the limit; null before it. */
export function secondsLeft(state: RecorderState): number | null {
  if (state.phase !== 'recording' && state.phase !== 'locked') return null;
  const left = MAX_MS / 1_000 - state.seconds;
  return left * 1_000 <= WARN_MS ? left : null;
}

/** For the one polite voice: what the recorder came to, after what it was. */
export function saidOf(before: RecorderState, after: RecorderState): string | null {
  const note = noteOf(after);
  const words = note === null ? stateWords(before, after) : `${stateWords(before, after) ?? ''} ${note}`.trim();
  return words === '' ? null : words;
}

function stateWords(before: RecorderState, after: RecorderState): string | null {
  switch (after.phase) {
    case 'idle':
      return before.phase === 'sending' ? 'Voice message sent.' : before.phase === 'idle' || before.phase === 'failed' ? null : 'Recording deleted.';
    case 'asking':
      return 'Waiting for the microphone.';
    case 'recording':
      return 'Recording. Slide left to cancel, up to let go.';
    case 'locked':
      return before.phase === 'recording' ? 'Recording goes on by itself.' : 'Recording.';
    case 'paused':
      return `Paused at ${clockText(after.keptMs)}.`;
    case 'review':
      return `Recorded ${lengthText(after.recording.durationMs)}. Listen to it, send it or delete it.`;
    case 'sending':
      return 'Sending the voice message.';
    default:
      return null;
  }
}
