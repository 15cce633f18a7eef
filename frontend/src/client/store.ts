/** The smallest thing that can be subscribed to: one value, listeners, nothing else. */

export type Listener = () => void;

export class Subscribable<T> {
  private readonly listeners = new Set<Listener>();

  constructor(private value: T) {}

  readonly get = (): T => this.value;

  /** Listeners run only when the value is another one. */
  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of [...this.listeners]) listener();
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };
}
