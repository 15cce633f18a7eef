/** Lengths of time on a clock: 0:07, 10:00, 1:02:03. */
export function clockText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const tail = String(rest).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`;
}

/** The whole length of something that was recorded: half a second is no nothing. */
export function lengthText(ms: number): string {
  return clockText(Math.max(1_000, Math.round(ms / 1_000) * 1_000));
}
