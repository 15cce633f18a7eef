/** Searching the texts of all one's conversations: the request, and what a page shows while somebody types it. */

import type { Api } from './api';
import { toMessagingError } from './errors';
import type { components } from './generated/api';
import { Subscribable } from './store';
import { Timer } from './timer';

export interface SearchQuery {
  q?: string;
  /** Who wrote: a user's id. */
  from?: string;
  conversationId?: string;
  /** A date or a date-time: not before it, and before it. */
  after?: string;
  before?: string;
  hasAttachments?: boolean;
  sort?: 'relevance' | 'newest';
  cursor?: string | null;
  limit?: number;
}

export type Highlight = components['schemas']['Highlight'];
/** Enough of a conversation to name it beside a hit. */
export type FoundConversation = components['schemas']['SearchConversation'];
export type SearchHit = components['schemas']['SearchHit'];
export type SearchPage = components['schemas']['SearchPage'];

export interface SearchState {
  /** `idle`: nothing is asked. While `loading`, the hits are those of the question before; if it fails, they are gone. */
  status: 'idle' | 'loading' | 'loaded' | 'failed';
  hits: readonly SearchHit[];
  hasMore: boolean;
  error: string | null;
}

const SETTLE_MS = 180;
const NOTHING: SearchState = { status: 'idle', hits: [], hasMore: false, error: null };

export function search(api: Pick<Api, 'request'>, query: SearchQuery, signal?: AbortSignal): Promise<SearchPage> {
  return api.request('GET', '/api/search', { query, signal });
}

/** Without a word and without a filter there is nothing to look for. */
export function isAsking({ q = '', from, after, before, hasAttachments }: SearchQuery): boolean {
  return q.trim() !== '' || hasAttachments !== undefined || [from, after, before].some(Boolean);
}

/** One search field: asks once the typing has paused, and only the last question counts. The owner must call `close`. */
export class Searching {
  readonly state = new Subscribable<SearchState>(NOTHING);
  private query: SearchQuery = {};
  private cursor: string | null = null;
  /** Of the page that was asked for last. */
  private asked: string | null = null;
  private asking: AbortController | null = null;
  private readonly settle = new Timer(() => {
    void this.load(null);
  });

  constructor(private readonly api: Pick<Api, 'request'>) {}

  ask(query: SearchQuery): void {
    this.cancel();
    this.query = query;
    if (!isAsking(query)) {
      this.state.set(NOTHING);
      return;
    }
    this.state.set({ ...this.state.get(), status: 'loading', error: null });
    this.settle.set(SETTLE_MS);
  }

  /** The next page; after a failure, the same again. */
  async more(): Promise<void> {
    const { status } = this.state.get();
    if (status === 'failed') await this.load(this.asked);
    else if (status === 'loaded' && this.cursor !== null) await this.load(this.cursor);
  }

  cancel(): void {
    this.settle.cancel();
    this.asking?.abort();
    this.asking = null;
  }

  private async load(cursor: string | null): Promise<void> {
    this.cancel();
    const asking = new AbortController();
    this.asking = asking;
    this.asked = cursor;
    this.state.set({ ...this.state.get(), status: 'loading', error: null });
    try {
      const page = await search(this.api, { ...this.query, cursor }, asking.signal);
      if (this.asking !== asking) return;
      this.cursor = page.nextCursor;
      const hits = cursor === null ? page.items : [...this.state.get().hits, ...page.items];
      this.state.set({ status: 'loaded', hits, hasMore: page.nextCursor !== null, error: null });
    } catch (error) {
      if (this.asking !== asking) return;
      const before = cursor === null ? NOTHING : this.state.get();
      this.state.set({ ...before, status: 'failed', error: toMessagingError(error).message });
    }
  }
}
