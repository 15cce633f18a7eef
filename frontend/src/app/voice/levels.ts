/** How loud it was: from samples of sound to a level, and from the levels of a recording to its waveform. */

export const WAVEFORM_BARS = 64;
const QUIET_DB = -55;
const LOUD_DB = -8;
/** Below this the whole recording counts as silence, and is not blown up to look like speech. */
const SILENT = 0.04;

/** From 0 to 1, on the scale of the ear. `samples` are from -1 to 1. */
export function levelOf(samples: Float32Array): number {
  let squares = 0;
  for (const sample of samples) squares += sample ** 2;
  const db = 10 * Math.log10(squares / Math.max(1, samples.length));
  return Math.min(1, Math.max(0, (db - QUIET_DB) / (LOUD_DB - QUIET_DB)));
}

/** `bars` values from 0 to 100, the loudest of each stretch, the loudest of all at 100. */
export function waveformOf(levels: readonly number[], bars = WAVEFORM_BARS): number[] {
  const loudest = levels.reduce((most, level) => Math.max(most, level), 0);
  if (loudest < SILENT) return Array.from({ length: bars }, () => 0);
  return folded(levels, bars).map((level) => Math.round((level / loudest) * 100));
}

/** The same line in another number of bars: the highest of each stretch. */
export function folded(values: readonly number[], bars: number): number[] {
  return Array.from({ length: bars }, (_, bar) => {
    const from = Math.floor((bar * values.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * values.length) / bars));
    return values.slice(from, to).reduce((most, value) => Math.max(most, value), 0);
  });
}
