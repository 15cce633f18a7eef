/**
 * Where the bytes of files come from. A page that speaks by cookie shows a file by its own address. One that speaks by
 * token fetches it and shows it from memory, since an element cannot send a token. What was chosen on this device is
 * shown from here in both, also once it is sent. Bounded: what nobody shows goes, oldest first.
 */

import { Subscribable } from '../../client';

/** Fetches with whatever says who one is; null where elements can do that by themselves. */
export type FetchFile = (path: string, signal: AbortSignal) => Promise<Blob>;

interface Entry {
  blob: Blob | null;
  /** Of the blob, for elements. */
  address: string | null;
  failed: boolean;
  holders: number;
  loading: AbortController | null;
}

/** What nobody shows is kept up to so many files and bytes: one scrolls back. */
export const MAX_IDLE = 60;
export const MAX_IDLE_BYTES = 40_000_000;

export class FileSources {
  /** Grows with every change, for those who look again. */
  readonly changes = new Subscribable(0);
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly fetchFile: FetchFile | null = null) {}

  /** Elements are given the files' own addresses. */
  get direct(): boolean {
    return this.fetchFile === null;
  }

  /** What an element can use now; null while it is on its way, and when that failed. */
  now(path: string): string | null {
    const entry = this.entries.get(path);
    if (entry) return entry.address;
    return this.isFetched(path) ? null : path;
  }

  hasFailed(path: string): boolean {
    return this.entries.get(path)?.failed ?? false;
  }

  /** Have it here until the returned function is called. */
  hold(path: string): () => void {
    let entry = this.entries.get(path);
    if (!entry) {
      if (!this.isFetched(path)) return () => undefined;
      entry = this.enter(path, null);
    }
    const held = entry;
    held.holders += 1;
    if (held.address === null && held.loading === null) void this.load(path, held);
    return () => {
      held.holders -= 1;
      if (held.holders > 0) return;
      held.loading?.abort();
      this.tidy();
    };
  }

  /** What is shown under this path from now on, without asking the server. */
  seed(path: string, blob: Blob): void {
    if (this.entries.has(path)) return;
    this.enter(path, blob);
    this.told();
  }

  drop(path: string): void {
    const entry = this.entries.get(path);
    if (!entry) return;
    this.forget(path, entry);
    this.told();
  }

  /** An address that an element can use, once it is there. */
  async addressOf(path: string, signal: AbortSignal): Promise<string> {
    if (!this.isFetched(path) && !this.entries.has(path)) return path;
    const leave = this.hold(path);
    try {
      return await new Promise<string>((resolve, reject) => {
        const look = () => {
          const address = this.now(path);
          if (signal.aborted) reject(new DOMException('no longer wanted', 'AbortError'));
          else if (this.hasFailed(path)) reject(new Error('the file could not be loaded'));
          else if (address === null) return;
          else resolve(address);
          stop();
        };
        const stop = this.changes.subscribe(look);
        signal.addEventListener('abort', look, { once: true });
        look();
      });
    } finally {
      leave();
    }
  }

  /** The bytes themselves. */
  async read(path: string, signal: AbortSignal): Promise<Blob> {
    const kept = this.entries.get(path)?.blob;
    if (kept) return kept;
    return (this.fetchFile ?? fetchByCookie)(path, signal);
  }

  close(): void {
    for (const [path, entry] of this.entries) this.forget(path, entry);
  }

  private async load(path: string, entry: Entry): Promise<void> {
    const loading = new AbortController();
    entry.loading = loading;
    entry.failed = false;
    try {
      const blob = await (this.fetchFile ?? fetchByCookie)(path, loading.signal);
      if (this.entries.get(path) !== entry || entry.loading !== loading) return;
      entry.blob = blob;
      entry.address = URL.createObjectURL(blob);
      this.tidy();
    } catch {
      entry.failed = !loading.signal.aborted;
    } finally {
      if (entry.loading === loading) entry.loading = null;
    }
    this.told();
  }

  private enter(path: string, blob: Blob | null): Entry {
    const entry = { blob, address: blob && URL.createObjectURL(blob), failed: false, holders: 0, loading: null };
    this.entries.set(path, entry);
    return entry;
  }

  private told(): void {
    this.changes.set(this.changes.get() + 1);
  }

  /** What nobody holds goes, the oldest first, until little enough is left. */
  private tidy(): void {
    const idle = [...this.entries].filter(([, { holders }]) => holders === 0);
    let bytes = idle.reduce((sum, [, { blob }]) => sum + (blob?.size ?? 0), 0);
    let count = idle.length;
    for (const [path, entry] of idle) {
      if (count <= MAX_IDLE && bytes <= MAX_IDLE_BYTES && entry.blob !== null) continue;
      this.forget(path, entry);
      count -= 1;
      bytes -= entry.blob?.size ?? 0;
    }
  }

  private forget(path: string, entry: Entry): void {
    this.entries.delete(path);
    entry.loading?.abort();
    if (entry.address !== null) URL.revokeObjectURL(entry.address);
  }

  private isFetched(path: string): boolean {
    return !this.direct && path.startsWith('/');
  }
}

async function fetchByCookie(path: string, signal: AbortSignal): Promise<Blob> {
  const response = await fetch(path, { signal, credentials: 'same-origin' });
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.blob();
}
