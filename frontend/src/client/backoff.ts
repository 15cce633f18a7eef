/** Waiting times that double from `firstMs` to `mostMs`, spread by a random half so that clients do not come at once. */
export function backoffMs(attempt: number, firstMs: number, mostMs: number): number {
  return jittered(Math.min(mostMs, firstMs * 2 ** Math.max(0, attempt)));
}

/** Between the whole and one and a half of it. */
export function jittered(ms: number): number {
  return ms * (1 + Math.random() / 2);
}
