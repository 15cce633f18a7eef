/** What a finger that holds the microphone wants, by how far it has moved from where it came down. */

export type Wish = 'record' | 'cancel' | 'lock';

export const CANCEL_PX = 96;
export const LOCK_PX = 64;

/** Left cancels and up locks, whichever way it went farther. */
export function wishOf(dx: number, dy: number): Wish {
  if (-dx >= CANCEL_PX && -dx >= -dy) return 'cancel';
  return -dy >= LOCK_PX && -dy > -dx ? 'lock' : 'record';
}

/** How far the hint follows the finger, in pixels to the left. */
export function slideOf(dx: number): number {
  return Math.max(0, Math.min(CANCEL_PX, -dx));
}
