/**
 * What one wrote and did not send, for each conversation: kept across reloads and shared by tabs, where the last writer
 * wins. Bounded: the oldest go first, and what is too long lasts as long as the page.
 */

import { Subscribable } from './store';
import type { Quote } from './wire';

export interface Draft {
  text: string;
  /** Ids of people. */
  mentions: readonly string[];
  replyTo: Quote | null;
}

/** `localStorage` fits. */
export type DraftStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem' | 'key' | 'length'>;

interface Kept extends Draft {
  at: number;
}

export const MAX_DRAFTS = 100;
export const MAX_DRAFT_CHARS = 20_000;
export const NO_DRAFT: Draft = { text: '', mentions: [], replyTo: null };

export class Drafts {
  /** By conversation; the same object until a draft changes. */
  readonly all = new Subscribable<ReadonlyMap<string, Draft>>(new Map());
  private readonly kept = new Map<string, Kept>();
  private prefix: string | null = null;

  constructor(
    private readonly storage: DraftStorage | null,
    private readonly now: () => number = () => Date.now(),
  ) {}

  /** Whose drafts they are. What was written before that was known is theirs. */
  open(userId: string): void {
    const prefix = `stockent.draft/${userId}/`;
    if (this.prefix === prefix) return;
    if (this.prefix !== null) this.kept.clear();
    this.prefix = prefix;
    const early = [...this.kept];
    for (const key of this.keys(prefix)) this.take(key.slice(prefix.length), this.read(key));
    for (const [id, draft] of early) this.write(id, draft);
    if (typeof window !== 'undefined') window.addEventListener('storage', this.onStorage);
    this.tell();
  }

  close(): void {
    if (typeof window !== 'undefined') window.removeEventListener('storage', this.onStorage);
  }

  get(conversationId: string): Draft {
    return this.all.get().get(conversationId) ?? NO_DRAFT;
  }

  /** Changes only what is given. A draft with neither text nor reply is none. */
  set(conversationId: string, change: Partial<Draft>): void {
    const draft = { ...this.get(conversationId), ...change };
    if (draft.text.trim() === '' && draft.replyTo === null) {
      this.clear(conversationId);
      return;
    }
    this.write(conversationId, { ...draft, at: this.now() });
    this.drop();
    this.tell();
  }

  clear(conversationId: string): void {
    if (this.prefix !== null) this.guarded((storage) => storage.removeItem(`${this.prefix ?? ''}${conversationId}`));
    if (this.kept.delete(conversationId)) this.tell();
  }

  private write(conversationId: string, draft: Kept): void {
    this.kept.set(conversationId, draft);
    const [text, key] = [JSON.stringify(draft), `${this.prefix ?? ''}${conversationId}`];
    if (this.prefix === null) return;
    this.guarded((storage) => (text.length > MAX_DRAFT_CHARS ? storage.removeItem(key) : storage.setItem(key, text)));
  }

  private drop(): void {
    const oldest = [...this.kept].sort(([, a], [, b]) => a.at - b.at).slice(0, Math.max(0, this.kept.size - MAX_DRAFTS));
    for (const [id] of oldest) this.clear(id);
  }

  private take(conversationId: string, draft: Kept | null): void {
    if (draft === null) this.kept.delete(conversationId);
    else this.kept.set(conversationId, draft);
  }

  private tell(): void {
    const before = this.all.get();
    this.all.set(new Map([...this.kept].map(([id, draft]) => [id, sameOr(before.get(id), draft)])));
  }

  private keys(prefix: string): string[] {
    const keys = this.guarded((storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index)));
    return (keys ?? []).filter((key): key is string => key?.startsWith(prefix) ?? false);
  }

  private read(key: string): Kept | null {
    return parseDraft(this.guarded((storage) => storage.getItem(key)) ?? null);
  }

  /** Another tab wrote. */
  private readonly onStorage = ({ key, newValue, storageArea }: StorageEvent): void => {
    if (this.prefix === null || key === null || !key.startsWith(this.prefix) || storageArea !== this.storage) return;
    this.take(key.slice(this.prefix.length), parseDraft(newValue));
    this.tell();
  };

  /** A full or forbidden storage costs only what a reload would lose. */
  private guarded<T>(act: (storage: DraftStorage) => T): T | null {
    try {
      return this.storage === null ? null : act(this.storage);
    } catch {
      return null;
    }
  }
}

/** The browser's, where it lets us. */
export function browserDrafts(): DraftStorage | null {
  try {
    return typeof window === 'undefined' ? null : window.localStorage;
  } catch {
    return null;
  }
}

function parseDraft(text: string | null): Kept | null {
  if (text === null) return null;
  try {
    const found = JSON.parse(text) as Partial<Kept> | null;
    if (typeof found?.text !== 'string') return null;
    const mentions = Array.isArray(found.mentions) ? found.mentions.filter((id) => typeof id === 'string') : [];
    return { text: found.text, mentions, replyTo: isQuote(found.replyTo) ? found.replyTo : null, at: Number(found.at) || 0 };
  } catch {
    return null;
  }
}

function isQuote(value: unknown): value is Quote {
  const quote = value as Partial<Quote> | null | undefined;
  return typeof quote?.messageId === 'string' && typeof quote.seq === 'number' && typeof quote.content === 'string' && typeof quote.sender?.id === 'string';
}

function sameOr(before: Draft | undefined, { text, mentions, replyTo }: Kept): Draft {
  const same = before?.text === text && before.replyTo?.messageId === replyTo?.messageId && before.mentions.join(' ') === mentions.join(' ');
  return same ? before : { text, mentions, replyTo };
}
