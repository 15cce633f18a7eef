/** What tabs of one browser share, for clients that run without one: Web Locks by their specification, exclusive ones only. */

import type { TabsOptions } from '../../src/client';

interface Request {
  act: () => unknown;
  settle: { resolve: (value: unknown) => void; reject: (reason: unknown) => void };
}

export class SharedBrowser {
  private readonly queues = new Map<string, Request[]>();

  /** For one more tab of it. */
  tab(): TabsOptions {
    const request = (name: string, { signal }: { signal: AbortSignal }, act: () => unknown) => this.request(name, signal, act);
    return { locks: { request } as never, channel: (name) => new BroadcastChannel(name) };
  }

  private request(name: string, signal: AbortSignal, act: () => unknown): Promise<unknown> {
    const queue = this.queues.get(name) ?? [];
    this.queues.set(name, queue);
    return new Promise((resolve, reject) => {
      const asked: Request = { act, settle: { resolve, reject } };
      queue.push(asked);
      signal.addEventListener('abort', () => {
        const at = queue.indexOf(asked);
        if (at <= 0) return;
        queue.splice(at, 1);
        reject(new DOMException('aborted', 'AbortError'));
      });
      if (queue.length === 1) this.grant(queue);
    });
  }

  private grant(queue: Request[]): void {
    const first = queue[0];
    if (first === undefined) return;
    void Promise.resolve()
      .then(first.act)
      .then(first.settle.resolve, first.settle.reject)
      .finally(() => {
        queue.shift();
        this.grant(queue);
      });
  }
}
