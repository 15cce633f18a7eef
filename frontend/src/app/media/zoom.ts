/** How a picture is looked at: how large, and moved by how much from the middle. Pure. */

export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Point {
  x: number;
  y: number;
}

/** The frame that the picture is seen in. */
export interface Size {
  width: number;
  height: number;
}

export const WHOLE: View = { scale: 1, x: 0, y: 0 };
export const STEP = 1.5;
export const CLOSE_UP = 2.5;
const MAX_SCALE = 8;

/** `at`: what stays where it is, seen from the middle of the frame. */
export function zoomed({ scale, x, y }: View, factor: number, at: Point, size: Size): View {
  const next = Math.min(MAX_SCALE, Math.max(1, scale * factor));
  const ratio = next / scale;
  return bounded({ scale: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio }, size);
}

export function moved(view: View, by: Point, size: Size): View {
  return bounded({ ...view, x: view.x + by.x, y: view.y + by.y }, size);
}

/** The frame stays covered. */
function bounded({ scale, x, y }: View, { width, height }: Size): View {
  const room = (side: number) => (side * (scale - 1)) / 2;
  const within = (value: number, most: number) => Math.min(most, Math.max(-most, value)) + 0;
  return { scale, x: within(x, room(width)), y: within(y, room(height)) };
}

export type Swipe = 'next' | 'previous' | 'close' | null;

const SWIPE_PX = 56;

/** What a finger meant that went so far. */
export function swipeOf({ x, y }: Point): Swipe {
  if (Math.abs(x) > SWIPE_PX && Math.abs(x) > 1.5 * Math.abs(y)) return x < 0 ? 'next' : 'previous';
  return Math.abs(y) > 2 * SWIPE_PX && Math.abs(y) > 1.5 * Math.abs(x) ? 'close' : null;
}
