/**
 * The one object that an application holds: the state of one person's messaging, and everything they can do.
 * Without React. `start` once, `close` at the end; between them it connects, comes back and heals by itself.
 */

import { Api, type ApiOptions, type ListQuery, type TokenSource } from './api';
import { newClientId } from './clientId';
import { Connection, type ConnectionListener } from './connection';
import type { Desk } from './desk';
import { isAuthError } from './errors';
import { History } from './history';
import { initialState, type ConnectionStatus, type State, type StateEvent } from './model';
import { OutboxSender, type OutboxStorage } from './outbox';
import { ReadMarks } from './reading';
import { apply } from './state';
import { Subscribable } from './store';
import { Sync } from './sync';
import { TypingSignals } from './typing';
import type { Conversation, ConversationStatus, Ready, ServerEvents, StartConversation } from './wire';

export interface MessagingClientOptions {
  /** Origin of the server; the page's own where absent. */
  url?: string;
  /** Who is signed in, if known: else asked of the server. */
  userId?: string;
  /** The token of now. Absent or null: the cookie speaks. */
  token?: TokenSource;
  /** Called shortly before expiry and after a refusal; resolves with a new token or null. */
  refreshToken?: () => Promise<string | null>;
  storage?: OutboxStorage;
  fetch?: ApiOptions['fetch'];
  /** For tests and special networks. */
  timing?: { ackTimeoutMs?: number; reconnectDelayMs?: number; reconnectDelayMaxMs?: number; retryDelayMs?: number };
}

interface Ear {
  name: keyof ServerEvents;
  listener: (payload: unknown) => void;
}

export class MessagingClient implements ConnectionListener {
  readonly store: Subscribable<State>;
  readonly api: Api;
  private readonly connection: Connection;
  private readonly history: History;
  private readonly sync: Sync;
  private readonly outbox: OutboxSender;
  private readonly reads: ReadMarks;
  private readonly signals: TypingSignals;
  private readonly refreshToken: () => Promise<string | null>;
  private readonly ears = new Set<Ear>();
  private restoredFor: string | null = null;
  private closed = false;

  constructor(options: MessagingClientOptions = {}) {
    const token = options.token ?? (() => null);
    this.refreshToken = options.refreshToken ?? (() => Promise.resolve(null));
    this.store = new Subscribable(initialState(options.userId ?? null));
    this.api = new Api({ baseUrl: options.url ?? '', token, refreshToken: this.refreshToken, ...(options.fetch && { fetch: options.fetch }) });
    this.connection = new Connection(
      { ...(options.url !== undefined && { url: options.url }), ...options.timing, token, refreshToken: this.refreshToken },
      this,
    );
    const desk: Desk = { store: this.store, api: this.api, connection: this.connection, dispatch: (event) => { this.dispatch(event); } };
    this.history = new History(desk);
    this.sync = new Sync(desk, this.history, options.timing?.retryDelayMs);
    this.outbox = new OutboxSender(desk, options.storage ?? null, options.timing?.retryDelayMs);
    this.reads = new ReadMarks(desk);
    this.signals = new TypingSignals(desk);
  }

  /** Connect and load the list. Returns at once; what happens is seen in the state. */
  start(): void {
    this.connection.open();
    void this.identify();
    void this.history.list();
  }

  /** Connect at once: after a new sign-in, or because the person does not want to wait. */
  reconnect(): void {
    this.connection.retry();
  }

  close(): void {
    this.closed = true;
    for (const part of [this.connection, this.sync, this.history, this.outbox, this.reads, this.signals]) part.close();
  }

  /** Have a conversation in view until the returned function is called; `at` is the message to have in the window. */
  view(conversationId: string, at: number | null = null): () => void {
    return this.sync.view(conversationId, at);
  }

  /** Send without waiting. Returns the `clientId`, under which the outbox shows what becomes of it. */
  send(conversationId: string, content: string): string {
    const clientId = newClientId();
    this.signals.stop();
    this.dispatch({ type: 'send', clientId, conversationId, content: content.trim(), at: new Date().toISOString() });
    this.outbox.pump();
    return clientId;
  }

  retry(clientId: string): void {
    this.dispatch({ type: 'retry', clientId });
    this.outbox.pump();
  }

  discard(clientId: string): void {
    this.dispatch({ type: 'discard', clientId });
    this.outbox.pump();
  }

  async edit(conversationId: string, messageId: string, content: string): Promise<void> {
    const payload = await this.api.editMessage(conversationId, messageId, content.trim());
    this.dispatch({ type: 'message_updated', payload });
  }

  /** Erases one's message for everyone. The deletion itself arrives as an event. */
  async deleteMessage(conversationId: string, messageId: string): Promise<void> {
    const payload = await this.api.deleteMessage(conversationId, messageId);
    this.dispatch({ type: 'message_updated', payload });
  }

  /** First message to somebody; the conversation comes into being with it, or is the one that was there. */
  async startConversation(start: Omit<StartConversation, 'clientId'> & { clientId?: string }): Promise<Conversation> {
    const { conversation } = await this.api.startConversation({ ...start, clientId: start.clientId ?? newClientId() });
    this.dispatch({ type: 'conversation_loaded', conversation });
    return conversation;
  }

  async setStatus(conversationId: string, status: ConversationStatus): Promise<void> {
    await this.change(conversationId, { status });
  }

  async setTitle(conversationId: string, title: string | null): Promise<void> {
    await this.change(conversationId, { title });
  }

  async deleteConversation(conversationId: string): Promise<void> {
    await this.api.deleteConversation(conversationId);
    const payload = { conversationId, seq: 0, deletedBy: this.store.get().me ?? '', totalUnread: null };
    this.dispatch({ type: 'conversation_deleted', payload });
  }

  /** Conversations that the server finds, also those not loaded yet. They join the state. */
  async find(query: ListQuery, signal?: AbortSignal): Promise<Conversation[]> {
    const { items } = await this.api.conversations({ limit: 50, ...query }, signal);
    this.dispatch({ type: 'conversations_found', conversations: items });
    return items;
  }

  /** Hear the server's events as they come, apart from the state. Returns the way out. */
  listen<Name extends keyof ServerEvents>(name: Name, listener: (payload: ServerEvents[Name]) => void): () => void {
    const heard: Ear = { name, listener: listener as (payload: unknown) => void };
    this.ears.add(heard);
    return () => {
      this.ears.delete(heard);
    };
  }

  markRead(conversationId: string, seq: number): void {
    this.reads.mark(conversationId, seq);
  }

  typing(conversationId: string): void {
    this.signals.type(conversationId);
  }

  stopTyping(): void {
    this.signals.stop();
  }

  loadMoreConversations(): Promise<void> {
    const { status, cursor } = this.store.get().list;
    return status === 'failed' || cursor !== null ? this.history.list(cursor) : Promise.resolve();
  }

  loadOlder(conversationId: string): Promise<void> {
    return this.history.older(conversationId);
  }

  loadNewer(conversationId: string): Promise<void> {
    return this.history.newer(conversationId);
  }

  loadNewest(conversationId: string): Promise<void> {
    return this.history.newest(conversationId);
  }

  loadAround(conversationId: string, seq: number): Promise<void> {
    return this.history.around(conversationId, seq);
  }

  /** After a failure that the person wants tried again. */
  reopen(conversationId: string): Promise<void> {
    return this.sync.reenter(conversationId);
  }

  onStatus(status: ConnectionStatus, reason: string | null): void {
    this.dispatch({ type: 'connection', status, reason });
    if (status !== 'online') this.sync.onLost();
  }

  onEvent<Name extends keyof ServerEvents>(name: Name, payload: ServerEvents[Name]): void {
    if (name === 'auth_expiring') {
      void this.renew();
      return;
    }
    if (name === 'server_draining') return;
    if (name === 'user_typing') this.signals.onOthersTyping(payload as ServerEvents['user_typing']);
    const anew = name === 'ready' && this.isAnotherEpoch(payload as Ready);
    this.dispatch({ type: name, payload } as StateEvent);
    if (name === 'ready') this.onReady(payload as Ready, anew);
    for (const ear of [...this.ears]) if (ear.name === name) ear.listener(payload);
  }

  private onReady({ userId, limits }: Ready, anew: boolean): void {
    this.restoreOutbox(userId);
    this.sync.onReady({ maxResume: limits.maxResumeConversations, anew });
    this.outbox.onReady();
    this.reads.onReady();
  }

  private isAnotherEpoch({ epoch }: Ready): boolean {
    const held = this.store.get().epoch;
    return held !== null && held !== epoch;
  }

  private async identify(): Promise<void> {
    let userId = this.store.get().me;
    try {
      userId ??= (await this.api.me()).id;
    } catch (error) {
      if (isAuthError(error) && !this.closed) this.dispatch({ type: 'connection', status: 'refused', reason: 'auth_required' });
      return;
    }
    if (this.closed) return;
    this.dispatch({ type: 'identified', userId });
    this.restoreOutbox(userId);
  }

  private restoreOutbox(userId: string): void {
    if (this.restoredFor === userId) return;
    this.restoredFor = userId;
    this.outbox.restore(userId);
  }

  private async renew(): Promise<void> {
    const token = await this.refreshToken().catch(() => null);
    if (token !== null && !this.closed) await this.connection.command('refresh_token', { token }).catch(() => undefined);
  }

  private async change(conversationId: string, body: { status?: ConversationStatus; title?: string | null }): Promise<void> {
    const conversation = await this.api.changeConversation(conversationId, body);
    this.dispatch({ type: 'conversation_loaded', conversation });
  }

  private dispatch(event: StateEvent): void {
    if (!this.closed) this.store.set(apply(this.store.get(), event));
  }
}
