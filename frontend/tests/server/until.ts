/** Wait until `read` gives something true, and return it; fail with `what` after the deadline. */
export async function until<T>(what: string, read: () => T, deadlineMs = 8_000): Promise<NonNullable<T>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = read();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
