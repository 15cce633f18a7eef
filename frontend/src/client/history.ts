/** Loads conversations and pages of their messages over HTTP, one page of a conversation at a time. */

import type { PageQuery } from './api';
import type { Desk } from './desk';
import { toMessagingError, type MessagingError } from './errors';
import { readSeqOf } from './marks';
import type { PageMode } from './model';
import { holds, MAX_HELD } from './thread';

const LIST_PAGE = 50;
const PAGE = 50;
/** With more unread than this, a conversation opens at the first of them instead of at the end. */
const UNREAD_WORTH_A_JUMP = 30;
/** So many more than a window holds may gather before it is cut: a cut moves what is on screen. */
const SLACK = 200;

export class History {
  private readonly pages = new Map<string, AbortController>();
  private readonly listings = new Map<boolean, Promise<void>>();
  /** What the reader looks at, which a cut keeps. */
  private readonly attended = new Map<string, number>();
  private readonly unsubscribe: () => void;
  private closed = false;
  private busyUntil = 0;

  constructor(private readonly desk: Desk) {
    this.unsubscribe = desk.store.subscribe(() => {
      this.cutLong();
    });
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
    for (const controller of this.pages.values()) controller.abort();
  }

  /** So long the server asked to be left alone. */
  get waitMs(): number {
    return Math.max(0, this.busyUntil - Date.now());
  }

  /** A list from its start, or its next page; who asks while one is on its way waits for that. */
  list(cursor: string | null = null, archived = false): Promise<void> {
    const listing =
      this.listings.get(archived) ??
      this.fetchList(cursor, archived).finally(() => {
        this.listings.delete(archived);
      });
    this.listings.set(archived, listing);
    return listing;
  }

  /** The reader is at this message now: what is around it stays, however many come. */
  attend(conversationId: string, seq: number | null): void {
    if (seq === null) this.attended.delete(conversationId);
    else this.attended.set(conversationId, seq);
  }

  private async fetchList(cursor: string | null, archived: boolean): Promise<void> {
    this.desk.dispatch({ type: 'list_requested', archived });
    try {
      const page = await this.desk.api.conversations({ cursor, limit: LIST_PAGE, ...(archived && { archived }) });
      if (!this.closed) this.desk.dispatch({ type: 'list_loaded', page, archived });
    } catch (error) {
      if (!this.closed) this.desk.dispatch({ type: 'list_failed', error: this.noted(error).message, archived });
    }
  }

  /** Have the conversation: true if it is there and mine. */
  ensure(conversationId: string): Promise<boolean> {
    const known = this.desk.store.get().conversations[conversationId] !== undefined;
    return known ? Promise.resolve(true) : this.conversation(conversationId);
  }

  /** Have a window of the messages of a conversation that is known: around `at`, at the first unread, or at the end. */
  async open(conversationId: string, at: number | null = null): Promise<void> {
    const thread = this.desk.store.get().threads[conversationId];
    const shown = at === null || holds(thread, at);
    if (thread?.loading === 'replace' || (thread?.loaded && shown)) return;
    await this.page(conversationId, 'replace', at === null ? this.startOf(conversationId) : { around: at });
  }

  /** Fetch the conversation. `anew`: its log is then held up to there, whatever was held before. */
  async conversation(conversationId: string, { anew = false } = {}): Promise<boolean> {
    try {
      const conversation = await this.desk.api.conversation(conversationId);
      if (!this.closed) this.desk.dispatch({ type: 'conversation_loaded', conversation, anew });
      return !this.closed;
    } catch (error) {
      this.onConversationFailed(conversationId, this.noted(error));
      return false;
    }
  }

  older(conversationId: string): Promise<void> {
    return this.extend(conversationId, 'before');
  }

  newer(conversationId: string): Promise<void> {
    return this.extend(conversationId, 'after');
  }

  newest(conversationId: string): Promise<void> {
    return this.page(conversationId, 'replace', {});
  }

  /** Where the reader stopped: resolves with the `seq` behind which all is new. */
  async firstUnread(conversationId: string): Promise<number | null> {
    const { conversations, threads, me } = this.desk.store.get();
    const conversation = conversations[conversationId];
    if (conversation === undefined) return null;
    const readSeq = readSeqOf(conversation, me);
    const { messages = [], hasAfter = true } = threads[conversationId] ?? {};
    const reaches = (messages[0]?.seq ?? Infinity) <= readSeq + 1 && (!hasAfter || (messages.at(-1)?.seq ?? 0) > readSeq);
    if (!reaches) await this.around(conversationId, readSeq + 1);
    return readSeq;
  }

  around(conversationId: string, seq: number): Promise<void> {
    return this.page(conversationId, 'replace', { around: seq });
  }

  /** Have this message in the window, wherever that is now. */
  show(conversationId: string, seq: number): Promise<void> {
    const held = holds(this.desk.store.get().threads[conversationId], seq);
    return held ? Promise.resolve() : this.around(conversationId, seq);
  }

  private async extend(conversationId: string, mode: 'before' | 'after'): Promise<void> {
    const thread = this.desk.store.get().threads[conversationId];
    const edge = mode === 'before' ? thread?.messages[0] : thread?.messages.at(-1);
    const more = mode === 'before' ? thread?.hasBefore : thread?.hasAfter;
    if (thread?.loading !== null || edge === undefined || !more) return;
    await this.page(conversationId, mode, mode === 'before' ? { before: edge.seq } : { after: edge.seq });
  }

  private cutLong(): void {
    for (const [conversationId, { messages, loading }] of Object.entries(this.desk.store.get().threads)) {
      if (loading !== null || messages.length <= MAX_HELD + SLACK) continue;
      this.desk.dispatch({ type: 'thread_cut', conversationId, seq: this.attended.get(conversationId) ?? null });
    }
  }

  private async page(conversationId: string, mode: PageMode, query: PageQuery): Promise<void> {
    this.pages.get(conversationId)?.abort();
    const controller = new AbortController();
    this.pages.set(conversationId, controller);
    this.desk.dispatch({ type: 'page_requested', conversationId, mode });
    try {
      const page = await this.desk.api.messages(conversationId, { limit: PAGE, ...query }, controller.signal);
      if (!controller.signal.aborted) this.desk.dispatch({ type: 'page_loaded', conversationId, mode, page });
    } catch (error) {
      if (!controller.signal.aborted) this.onPageFailed(conversationId, this.noted(error));
    } finally {
      if (this.pages.get(conversationId) === controller) this.pages.delete(conversationId);
    }
  }

  private noted(error: unknown): MessagingError {
    const failure = toMessagingError(error);
    this.busyUntil = Math.max(this.busyUntil, Date.now() + (failure.retryAfterMs ?? 0));
    return failure;
  }

  private startOf(conversationId: string): PageQuery {
    const { conversations, me } = this.desk.store.get();
    const conversation = conversations[conversationId];
    if (conversation === undefined || conversation.unread <= UNREAD_WORTH_A_JUMP) return {};
    return { around: readSeqOf(conversation, me) + 1 };
  }

  private onPageFailed(conversationId: string, error: MessagingError): void {
    if (error.code === 'not_found') this.desk.dispatch({ type: 'conversation_unavailable', conversationId });
    else this.desk.dispatch({ type: 'page_failed', conversationId, error: error.message });
  }

  /** A link that the server cannot make sense of is, for its reader, one that leads nowhere. */
  private onConversationFailed(conversationId: string, error: MessagingError): void {
    if (this.closed) return;
    const nowhere = error.status !== null && error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429;
    if (nowhere) {
      this.desk.dispatch({ type: 'conversation_unavailable', conversationId });
      return;
    }
    this.desk.dispatch({ type: 'page_requested', conversationId, mode: 'replace' });
    this.desk.dispatch({ type: 'page_failed', conversationId, error: error.message });
  }
}
