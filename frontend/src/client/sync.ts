/**
 * Keeps what is held equal to the server's log: joins the rooms of the conversations in view, resumes after a loss,
 * and heals gaps. Which events are missing is the state's knowledge; here is only when and how to ask.
 */

import { jittered } from './backoff';
import type { Desk } from './desk';
import { NO_ANSWER, toMessagingError, type MessagingError } from './errors';
import type { History } from './history';
import type { State } from './model';
import { Timer } from './timer';
import type { Catchup, JoinedAck, ResumedAck } from './wire';

/** A last event that was lost has no later gap to reveal it: so positions are compared, spread by half, within 30 s. */
export const HEAL_EVERY_MS = 18_000;
const GAP_GRACE_MS = 40;
const RETRY_MS = 1_000;
/** What could not be loaded is tried again by itself, not only by hand; so many times later than a join. */
const RELOAD_PATIENCE = 3;
const TRIM_TO = 200;
const MAX_RESUME = 500;

/** Who looks at a conversation, and which message they came for. */
interface View {
  viewers: number;
  at: number | null;
}

export class Sync {
  private readonly views = new Map<string, View>();
  private maxResume = MAX_RESUME;
  private readonly joining = new Set<string>();
  private resuming: Promise<MessagingError | null> | null = null;
  private closed = false;
  private readonly unsubscribe: () => void;
  private readonly heal = new Timer(() => {
    const busy = this.resuming !== null;
    if (!busy) void this.resume(this.heldIds());
    this.heal.set(busy ? this.retryMs : jittered(this.healEveryMs));
  });
  private readonly catchUp = new Timer(() => {
    void this.closeGaps();
  });
  private readonly rejoin = new Timer(() => {
    void this.enterViews();
  });
  private readonly reloadFailed = new Timer(() => {
    this.forgive();
  });

  constructor(
    private readonly desk: Desk,
    private readonly history: History,
    private readonly retryMs = RETRY_MS,
    private readonly healEveryMs = HEAL_EVERY_MS,
  ) {
    this.unsubscribe = desk.store.subscribe(() => {
      this.watchGaps();
      this.watchFailures();
    });
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
    for (const timer of this.timers()) timer.close();
  }

  /** Hold a conversation in view: its room is joined while anybody does. Returns the way out. */
  view(conversationId: string, at: number | null): () => void {
    const viewers = (this.views.get(conversationId)?.viewers ?? 0) + 1;
    this.views.set(conversationId, { viewers, at });
    void this.enter(conversationId, at);
    let left = false;
    return () => {
      if (!left) {
        queueMicrotask(() => {
          this.leave(conversationId);
        });
      }
      left = true;
    };
  }

  /** Connected. What is in view is made whole by joining it, the rest by resuming. `anew`: nothing is held, so there is nothing to resume. */
  onReady({ maxResume, anew }: { maxResume: number; anew: boolean }): void {
    this.maxResume = maxResume;
    this.joining.clear();
    this.resuming = null;
    this.forgive();
    const listed = !anew && this.desk.store.get().list.status === 'loaded';
    void this.makeWhole(listed ? Promise.resolve() : this.history.list());
    this.heal.set(jittered(this.healEveryMs));
  }

  /**
   * Compare positions now; one that is under way may have been answered before a sleep, and is not enough.
   * False where the server did not answer in time.
   */
  async check(): Promise<boolean> {
    const before = await this.resuming;
    return before?.code !== NO_ANSWER.timeout && (await this.resume(this.heldIds()))?.code !== NO_ANSWER.timeout;
  }

  /** In view, and within reach again. */
  onReturned(conversationId: string): void {
    if (this.views.has(conversationId)) void this.reenter(conversationId);
  }

  onLost(): void {
    for (const timer of this.timers()) timer.cancel();
  }

  private leave(conversationId: string): void {
    const view = this.views.get(conversationId);
    if (view !== undefined && view.viewers > 1) {
      this.views.set(conversationId, { ...view, viewers: view.viewers - 1 });
      return;
    }
    this.views.delete(conversationId);
    if (this.closed) return;
    this.history.attend(conversationId, null);
    this.desk.dispatch({ type: 'thread_left', conversationId, keep: TRIM_TO });
    if (this.desk.connection.online) {
      void this.desk.connection.command('leave_conversation', { conversationId }).catch(() => undefined);
    }
  }

  private async enterViews(): Promise<void> {
    await Promise.all([...this.views.keys()].map((id) => this.reenter(id)));
  }

  /** After a failure or a loss. Who has seen the message they came for is not taken back to it. */
  reenter(conversationId: string): Promise<void> {
    const loaded = this.desk.store.get().threads[conversationId]?.loaded;
    return this.enter(conversationId, loaded ? null : (this.views.get(conversationId)?.at ?? null));
  }

  /**
   * Load and join a conversation that is in view; what is loaded or joined already is left as it is.
   * The position is held before either answer is made, so whatever happens between them is in the one or the other.
   */
  private async enter(conversationId: string, at: number | null): Promise<void> {
    if (!(await this.history.ensure(conversationId)) || !this.views.has(conversationId)) return;
    void this.history.open(conversationId, at);
    await this.join(conversationId);
  }

  /**
   * What came between the reading of the list and the joining of the rooms is asked for once both are done; and the
   * total that comes with it is of a moment after all counts that are held.
   */
  private async makeWhole(listed: Promise<void>): Promise<void> {
    await Promise.all([this.enterViews(), listed]);
    await this.resume(this.heldIds());
  }

  private async join(conversationId: string): Promise<void> {
    if (!this.desk.connection.online || this.joining.has(conversationId)) return;
    this.joining.add(conversationId);
    const afterSeq = this.desk.store.get().positions[conversationId]?.seq ?? null;
    try {
      const ack = await this.desk.connection.command('join_conversation', { conversationId, afterSeq });
      this.joining.delete(conversationId);
      if (!this.closed) this.onJoined(conversationId, ack);
    } catch (error) {
      this.joining.delete(conversationId);
      if (!this.closed) this.onJoinFailed(conversationId, toMessagingError(error).code);
    }
  }

  private onJoined(conversationId: string, ack: JoinedAck): void {
    this.desk.dispatch({ type: 'conversation_loaded', conversation: ack.conversation, anew: ack.reset });
    if (ack.reset) void this.history.newest(conversationId);
    else this.desk.dispatch({ type: 'log_read', conversationId, entries: ack.events });
  }

  private onJoinFailed(conversationId: string, code: string): void {
    if (code === 'not_found') this.desk.dispatch({ type: 'conversation_unavailable', conversationId });
    else if (this.views.has(conversationId)) this.rejoin.set(jittered(this.retryMs));
  }

  private timers(): Timer[] {
    return [this.heal, this.catchUp, this.rejoin, this.reloadFailed];
  }

  private watchFailures(): void {
    if (this.reloadFailed.pending || !this.desk.connection.online) return;
    const { list, archive, threads } = this.desk.store.get();
    const failed = list.status === 'failed' || archive.status === 'failed' || [...this.views.keys()].some((id) => threads[id]?.error);
    if (failed) this.reloadFailed.set(jittered(Math.max(this.retryMs * RELOAD_PATIENCE, this.history.waitMs)));
  }

  private forgive(): void {
    const { list, archive, threads } = this.desk.store.get();
    if (list.status === 'failed') void this.history.list(list.cursor);
    if (archive.status === 'failed') void this.history.list(archive.cursor, true);
    for (const id of this.views.keys()) {
      if (!threads[id]?.error) continue;
      this.desk.dispatch({ type: 'page_forgiven', conversationId: id });
      void this.reenter(id);
    }
  }

  private watchGaps(): void {
    if (this.catchUp.pending || this.resuming !== null || !this.desk.connection.online) return;
    if (this.behindIds().length > 0) this.catchUp.set(GAP_GRACE_MS);
  }

  private async closeGaps(): Promise<void> {
    const ids = this.behindIds();
    if (ids.length === 0) return;
    await this.resume(ids);
    if (this.behindIds().length > 0) this.catchUp.set(jittered(this.retryMs));
  }

  /** Ask for what came after the positions held. Quiet: a failure is made good by the next time. Resolves with it. */
  private async resume(ids: readonly string[]): Promise<MessagingError | null> {
    const { epoch } = this.desk.store.get();
    if (epoch === null || this.resuming !== null || this.closed || !this.desk.connection.online) return null;
    const asked = this.ask(epoch, ids);
    this.resuming = asked;
    const failure = await asked;
    // A newer connection may have begun to ask anew meanwhile.
    if (this.resuming === asked) this.resuming = null;
    return failure;
  }

  private async ask(epoch: string, ids: readonly string[]): Promise<MessagingError | null> {
    const { positions } = this.desk.store.get();
    const conversations = Object.fromEntries(ids.map((id) => [id, positions[id]?.seq ?? 0]));
    try {
      const ack = await this.desk.connection.command('resume', { epoch, conversations });
      if (ack.reset) {
        this.onRestarted(ack);
        return null;
      }
      for (const [id, catchup] of Object.entries(ack.conversations)) this.onCaughtUp(id, conversations[id] ?? 0, catchup);
      this.desk.dispatch({ type: 'resumed', others: ack.others, elsewhere: elsewhereOf(ack, this.desk.store.get()) });
      return null;
    } catch (error) {
      return toMessagingError(error);
    }
  }

  private onRestarted({ epoch, totalUnread }: ResumedAck): void {
    this.desk.dispatch({ type: 'restarted', epoch, totalUnread });
    void this.makeWhole(this.history.list());
  }

  private onCaughtUp(conversationId: string, after: number, catchup: Catchup): void {
    if (catchup.reset) void this.reload(conversationId);
    else this.desk.dispatch({ type: 'caught_up', conversationId, after, catchup });
  }

  private async reload(conversationId: string): Promise<void> {
    const found = await this.history.conversation(conversationId, { anew: true });
    if (found && this.desk.store.get().threads[conversationId]?.loaded) await this.history.newest(conversationId);
  }

  private heldIds(): string[] {
    const { conversations } = this.desk.store.get();
    const newestFirst = Object.values(conversations).sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1));
    return newestFirst.slice(0, this.maxResume).map((conversation) => conversation.id);
  }

  private behindIds(): string[] {
    const behind = Object.entries(this.desk.store.get().positions).filter(([, position]) => position.behind);
    return behind.slice(0, this.maxResume).map(([id]) => id);
  }
}

/** What the total counts besides the conversations held. Null where the answer leaves out some of those. */
function elsewhereOf({ conversations, others, totalUnread }: ResumedAck, state: State): number | null {
  const counts = new Map(others.map(({ id, unread }) => [id, unread]));
  for (const [id, { unread }] of Object.entries(conversations)) counts.set(id, unread);
  if (Object.keys(state.conversations).some((id) => !counts.has(id))) return null;
  return Math.max(0, totalUnread - [...counts.values()].reduce((sum, unread) => sum + unread, 0));
}
