/**
 * The one object that an application holds: the state of one person's messaging, and everything they can do.
 * Without React. `start` once, `close` at the end; between them it connects, comes back and heals by itself.
 */

import { Activity } from './activity';
import { Api, type ApiOptions, type ListQuery } from './api';
import { newClientId } from './clientId';
import { Connection, type ConnectionListener } from './connection';
import { Deletions } from './deletions';
import { DeliveryMarks } from './deliveries';
import type { Desk } from './desk';
import { browserDrafts, Drafts } from './drafts';
import { Errands } from './errands';
import { isAuthError } from './errors';
import { Groups } from './groups';
import type { StateEvent } from './happenings';
import { History } from './history';
import { Keepings } from './keepings';
import { initialState, type ConnectionStatus, type PersonalChange, type State } from './model';
import type { Extras, MessagingClientOptions } from './options';
import { keeperOf, type OutboxKeeper } from './outbox/keeper';
import { OutboxSender } from './outbox/sender';
import { listenToPage } from './page';
import { PresenceWatch } from './presence';
import { Reactions } from './reactions';
import { ReadMarks } from './reading';
import { Renewal } from './renewal';
import { search, type SearchPage, type SearchQuery } from './search';
import { Sending } from './sending';
import { isSound } from './sound';
import { apply } from './state';
import { Subscribable } from './store';
import { Sync } from './sync';
import { TypingSignals } from './typing';
import type { UploadSource } from './uploadSource';
import type {
  TypingActivity,
  ChangeSettings,
  Conversation,
  ConversationStatus,
  Message,
  MessageVersion,
  Ready,
  ServerEvents,
  StartConversation,
} from './wire';

interface Ear {
  name: keyof ServerEvents;
  listener: (payload: unknown) => void;
}

export class MessagingClient implements ConnectionListener {
  readonly store: Subscribable<State>;
  readonly api: Api;
  readonly groups: Groups;
  readonly drafts: Drafts;
  /** The page feeds it by itself; whatever else shows that the person is here may do so too. */
  readonly activity: Activity;
  private readonly connection: Connection;
  private readonly history: History;
  private readonly sync: Sync;
  private readonly outbox: OutboxSender;
  private readonly keeper: OutboxKeeper;
  private readonly sending: Sending;
  private readonly reads: ReadMarks;
  private readonly deliveries: DeliveryMarks;
  private readonly signals: TypingSignals;
  private readonly errands: Errands;
  private readonly reactions: Reactions;
  private readonly deletions: Deletions;
  private readonly keepings: Keepings;
  private readonly presence: PresenceWatch;
  private readonly renewal: Renewal;
  private readonly ears = new Set<Ear>();
  private stopListening: () => void = () => undefined;
  private leaving = false;
  private closed = false;

  constructor(options: MessagingClientOptions = {}) {
    const { timing = {}, token = () => null, refreshToken = () => Promise.resolve(null) } = options;
    this.store = new Subscribable(initialState(options.userId ?? null));
    this.api = new Api({ baseUrl: options.url ?? '', token, refreshToken, fetch: this.outliving(options.fetch) });
    this.connection = new Connection({ ...(options.url !== undefined && { url: options.url }), ...timing, token, refreshToken }, this);
    const desk: Desk = { store: this.store, api: this.api, connection: this.connection, dispatch: (event) => { this.dispatch(event); } };
    this.history = new History(desk);
    this.sync = new Sync(desk, this.history, timing.retryDelayMs, timing.healEveryMs);
    this.renewal = new Renewal(this.connection, refreshToken, timing.retryDelayMs);
    this.keeper = keeperOf(desk, options.tabs, () => this.onSignedOut(options.onSignedOut), () => this.outbox.pump());
    this.outbox = new OutboxSender(desk, (clientId) => this.keeper.saved(clientId), timing.retryDelayMs);
    this.reads = new ReadMarks(desk);
    this.deliveries = new DeliveryMarks(desk, timing.deliverySpacingMs);
    this.signals = new TypingSignals(desk);
    this.errands = new Errands(timing.retryDelayMs);
    this.reactions = new Reactions(desk, this.errands);
    this.deletions = new Deletions(desk, this.errands, timing.undoMs);
    this.keepings = new Keepings(desk, this.errands);
    this.presence = new PresenceWatch(desk);
    this.groups = new Groups(desk);
    this.drafts = new Drafts(options.draftStorage === undefined ? browserDrafts() : options.draftStorage);
    this.activity = new Activity((status) => this.presence.say(status));
    this.sending = new Sending(desk, this.outbox, this.drafts, this.keeper.keeps);
    if (options.userId !== undefined) this.drafts.open(options.userId);
  }

  /** Connect and load the list. Returns at once; what happens is seen in the state. */
  start(): void {
    this.connection.open();
    this.activity.start();
    this.stopListening = listenToPage({
      onActivity: () => this.activity.sign(),
      onVisible: (visible) => this.activity.setVisible(visible),
      onLeave: () => this.onLeave(),
      onReturn: () => (this.leaving = false),
      onWake: () => void this.wake(),
    });
    void this.identify();
    void this.history.list();
  }

  /** Connect at once: after a new sign-in, or because the person does not want to wait. */
  reconnect(): void {
    this.connection.retry();
  }

  /** To be called before the credentials go: the other tabs of this person stop too. What is not sent waits for their return. */
  signOut(): void {
    this.keeper.signOut();
    this.connection.end('auth_signed_out');
  }

  close(): void {
    this.onLeave();
    this.closed = true;
    this.stopListening();
    const parts = [this.connection, this.sync, this.history, this.outbox, this.keeper, this.renewal, this.reads, this.deliveries];
    for (const part of [...parts, this.signals, this.errands, this.presence, this.drafts, this.activity]) part.close();
  }

  /** Whose uploads messages may carry. */
  carryUploads(uploads: UploadSource): void {
    this.keeper.follow(uploads);
    this.sending.follow(uploads);
  }

  /** Have a conversation in view until the returned function is called; `at` is the message to have in the window. */
  view(conversationId: string, at: number | null = null): () => void {
    return this.sync.view(conversationId, at);
  }

  /**
   * Send without waiting. Returns the `clientId`, under which the outbox shows what becomes of it. The draft's text is
   * cleared with a text, its reply in any case.
   */
  send(conversationId: string, content: string, extras: Extras = {}): string {
    this.signals.stop();
    return this.sending.send(conversationId, content, extras);
  }

  /** Send what another message says to each of these conversations. Returns the `clientId`s. */
  forward(message: Message, conversationIds: readonly string[]): string[] {
    return this.sending.forward(message, conversationIds);
  }

  /** Its files are tried again too. */
  retry(clientId: string): void {
    this.sending.retry(clientId);
  }

  /** Its files are withdrawn too. */
  discard(clientId: string): void {
    this.sending.discard(clientId);
  }

  /** Discard it and have its text, reply and files back, to be changed. What is written meanwhile stays, before it. */
  takeBack(clientId: string): void {
    this.sending.takeBack(clientId);
  }

  /** Mentions that are not given stay as they are. */
  async edit(conversationId: string, messageId: string, content: string, mentions?: readonly string[]): Promise<void> {
    const payload = await this.api.editMessage(conversationId, messageId, content.trim(), mentions);
    this.dispatch({ type: 'message_updated', payload });
  }

  /** Every text that a message had, oldest first; the last is the present one. */
  async messageHistory(conversationId: string, messageId: string, signal?: AbortSignal): Promise<MessageVersion[]> {
    return (await this.api.history(conversationId, messageId, signal)).versions;
  }

  /** Give a reaction or take it back; shown at once. Rejects with the server's refusal, and then it is as before. */
  react(conversationId: string, messageId: string, emoji: string, present: boolean): Promise<void> {
    return this.reactions.react(conversationId, messageId, emoji, present);
  }

  /** Delete one's message for everyone in a few seconds, unless that is undone. See `Deletions.request`. */
  requestDelete(conversationId: string, messageId: string): Promise<boolean> {
    return this.deletions.request(conversationId, messageId);
  }

  undoDelete(messageId: string): boolean {
    return this.deletions.undo(messageId);
  }

  /** First message to somebody; the conversation comes into being with it, or is the one that was there. */
  async startConversation(start: Omit<StartConversation, 'clientId'> & { clientId?: string }): Promise<Conversation> {
    const { conversation } = await this.api.startConversation({ ...start, clientId: start.clientId ?? newClientId() });
    this.dispatch({ type: 'conversation_loaded', conversation });
    return conversation;
  }

  async setStatus(conversationId: string, status: ConversationStatus): Promise<void> {
    const conversation = await this.api.changeConversation(conversationId, { status });
    this.dispatch({ type: 'conversation_loaded', conversation });
  }

  /** Pin, archive, mute, mark as unread, for oneself; shown at once. Rejects with the refusal, and then it is as before. */
  setPersonal(conversationId: string, change: PersonalChange): Promise<void> {
    return this.keepings.change(conversationId, change);
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

  /** Messages that the server finds. They do not join the state: they are places to go to. */
  search(query: SearchQuery, signal?: AbortSignal): Promise<SearchPage> {
    return search(this.api, query, signal);
  }

  async changeSettings(change: ChangeSettings): Promise<void> {
    const { settings } = await this.connection.command('change_settings', change);
    this.dispatch({ type: 'settings', settings });
  }

  /** Know who of these is there, in `state.presence`, until the returned function is called. */
  watchPresence(userIds: readonly string[]): () => void {
    return this.presence.watch(userIds);
  }

  /** Hear the server's events as they come, apart from the state. Returns the way out. */
  listen<Name extends keyof ServerEvents>(name: Name, listener: (payload: ServerEvents[Name]) => void): () => void {
    const heard: Ear = { name, listener: listener as (payload: unknown) => void };
    this.ears.add(heard);
    return () => {
      this.ears.delete(heard);
    };
  }

  /** To be called when the message was on screen of a page that was seen. */
  markRead(conversationId: string, seq: number): void {
    this.reads.mark(conversationId, seq);
  }

  typing(conversationId: string, activity: TypingActivity = 'typing'): void {
    this.signals.type(conversationId, activity);
  }

  stopTyping(): void {
    this.signals.stop();
  }

  /** The next page of a list, or its first. */
  loadMoreConversations(archived = false): Promise<void> {
    const { status, cursor } = this.store.get()[archived ? 'archive' : 'list'];
    const more = status === 'failed' || cursor !== null || (archived && status === 'idle');
    return more ? this.history.list(cursor, archived) : Promise.resolve();
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
    return this.history.show(conversationId, seq);
  }

  /** Have the first unread message in the window. Resolves with the `seq` behind which all is unread. */
  loadFirstUnread(conversationId: string): Promise<number | null> {
    return this.history.firstUnread(conversationId);
  }

  /** The reader is at this message: it stays in the window when that becomes too long. Null: at the end. */
  attend(conversationId: string, seq: number | null): void {
    this.history.attend(conversationId, seq);
  }

  /** After a failure that the person wants tried again. */
  reopen(conversationId: string): Promise<void> {
    return this.sync.reenter(conversationId);
  }

  onStatus(status: ConnectionStatus, reason: string | null): void {
    this.dispatch({ type: 'connection', status, reason });
    if (status === 'online') return;
    this.sync.onLost();
    this.keeper.onLost();
  }

  onEvent<Name extends keyof ServerEvents>(name: Name, payload: ServerEvents[Name]): void {
    if (name === 'auth_expiring') {
      this.renewal.begin();
      return;
    }
    if (name === 'server_draining' || !isSound(name, payload)) return;
    if (name === 'ready' && this.isSomebodyElse(payload as Ready)) return;
    if (name === 'user_typing') this.signals.onOthersTyping(payload as ServerEvents['user_typing']);
    const anew = name === 'ready' && this.isAnotherEpoch(payload as Ready);
    this.dispatch({ type: name, payload } as StateEvent);
    if (name === 'ready') this.onReady(payload as Ready, anew);
    if (name === 'conversation_created') this.sync.onReturned((payload as Conversation).id);
    for (const ear of [...this.ears]) if (ear.name === name) ear.listener(payload);
  }

  private onReady({ userId, limits, serverTime }: Ready, anew: boolean): void {
    const aheadMs = Date.parse(serverTime) - Date.now();
    if (Number.isFinite(aheadMs)) this.dispatch({ type: 'clock', aheadMs });
    this.restore(userId);
    this.sync.onReady({ maxResume: limits.maxResumeConversations, anew });
    for (const part of [this.keeper, this.outbox, this.reads, this.deliveries, this.errands, this.presence]) part.onReady();
  }

  /** What still could be undone is not undone any more. */
  private onLeave(): void {
    this.leaving = true;
    this.deletions.flush();
  }

  /** While the page is being left, requests outlive it. */
  private outliving(given?: typeof fetch): NonNullable<ApiOptions['fetch']> {
    const fetched = given ?? ((input, init) => globalThis.fetch(input, init));
    return (input, init) => fetched(input, this.leaving ? { ...init, keepalive: true } : init);
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
    this.restore(userId);
  }

  private restore(userId: string): void {
    this.drafts.open(userId);
    this.keeper.open(userId);
  }

  /** Another person signed in to this browser: nothing of this one may go out under their name. */
  private isSomebodyElse({ userId }: Ready): boolean {
    const { me } = this.store.get();
    if (me === null || me === userId) return false;
    this.connection.end('auth_another_person');
    return true;
  }

  private onSignedOut(tell: () => void = () => undefined): void {
    this.connection.end('auth_signed_out');
    tell();
  }

  /** After a sleep the positions are compared at once, and a connection that does not answer is made anew. */
  private async wake(): Promise<void> {
    this.connection.wake();
    if (!(await this.sync.check())) this.connection.renew();
  }

  private dispatch(event: StateEvent): void {
    if (!this.closed) this.store.set(apply(this.store.get(), event));
  }
}
