/** On a machine with other things to do. */
export const UNTIL_MS = 8_000;

/** Wait until `read` gives something true, and return it; fail with `what` after the deadline. */
export async function until<T>(what: string, read: () => T, deadlineMs = UNTIL_MS): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
