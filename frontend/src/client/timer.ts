/** One timeout with an owner: setting it again replaces it, and `close` ends it for good. */
export class Timer {
  private handle: ReturnType<typeof setTimeout> | null = null;
  private closed = false;

  constructor(private readonly act: () => void) {}

  get pending(): boolean {
    return this.handle !== null;
  }

  set(ms: number): void {
    this.cancel();
    if (this.closed) return;
    this.handle = setTimeout(() => {
      this.handle = null;
      this.act();
    }, ms);
  }

  cancel(): void {
    if (this.handle !== null) clearTimeout(this.handle);
    this.handle = null;
  }

  close(): void {
    this.cancel();
    this.closed = true;
  }
}
