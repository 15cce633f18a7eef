/**
 * Keeps the outbox of the state on the shelf and the same in all tabs of its person. A message belongs to the tab that
 * wrote it, which alone sends it; when that tab has ended, or cannot connect while another one can, it passes over.
 * Where the browser keeps nothing, messages last as long as the page, and the state says so.
 */

import type { Desk } from '../desk';
import type { Outgoing, State } from '../model';
import { missingUploads } from '../outgoing';
import { isSound } from '../sound';
import { NO_UPLOADS, type KeptFile, type UploadSource } from '../uploadSource';
import type { Message } from '../wire';
import { forgetFormer, formerStorages, readFormer, wholeOutgoing, type FormerStorage } from './former';
import { Shelf, type Kept } from './shelf';
import { Tabs, type TabsOptions, type Word } from './tabs';

export interface KeeperOptions {
  /** Opens what outlives the page; null where nothing does. */
  openShelf: ((onEnd: () => void) => Promise<Shelf>) | null;
  former: readonly FormerStorage[];
  tabs: Tabs;
  /** The person signed out in another tab. */
  onSignedOut: () => void;
  /** There may be something to send. */
  onWork: () => void;
}

export class OutboxKeeper {
  private readonly unsubscribe: () => void;
  private readonly saving = new Map<string, Promise<void>>();
  private seen: readonly Outgoing[] = [];
  private userId: string | null = null;
  private shelf: Promise<Shelf | null> = Promise.resolve(null);
  private uploads: UploadSource = NO_UPLOADS;
  /** What comes from the shelf or from another tab is not to be kept or told again. */
  private hearing = false;
  private closed = false;

  constructor(
    private readonly desk: Desk,
    private readonly options: KeeperOptions,
  ) {
    this.unsubscribe = desk.store.subscribe(() => {
      this.look();
    });
  }

  follow(uploads: UploadSource): void {
    this.uploads = uploads;
  }

  /** Take back what earlier pages of this person left unsent, and what was written before it was known who writes. */
  open(userId: string): void {
    if (this.userId !== null) return;
    this.userId = userId;
    const { openShelf, tabs } = this.options;
    this.shelf = openShelf === null ? Promise.resolve(null) : openShelf(() => this.loseShelf()).catch(() => this.loseShelf());
    tabs.open(userId, (word) => this.hear(word));
    void this.restore(userId);
    this.look();
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
    this.options.tabs.close();
    void Promise.all(this.saving.values())
      .then(() => this.shelf)
      .then((shelf) => shelf?.close());
  }

  signOut(): void {
    this.options.tabs.tell({ say: 'signed_out' });
  }

  /** Whether a message is to be written somewhere before it is sent. */
  get keeps(): boolean {
    return this.options.openShelf !== null;
  }

  /** Settles when the message is kept, or cannot be; null where there is nothing to wait for. */
  saved(clientId: string): Promise<void> | null {
    return this.saving.get(clientId) ?? null;
  }

  /** This tab can send. Those that cannot pass over what they have. */
  onReady(): void {
    this.options.tabs.tell({ say: 'connected', tab: this.options.tabs.name });
  }

  /** This tab cannot send. Another one may. */
  onLost(): void {
    for (const outgoing of this.desk.store.get().outbox) if (outgoing.tab === null) this.tell(outgoing);
  }

  private async restore(userId: string): Promise<void> {
    const { former, tabs } = this.options;
    const left = readFormer(former, userId);
    const shelf = await this.shelf;
    if (shelf !== null) {
      await this.guarded(async () => {
        for (const outgoing of left) await shelf.put(userId, tabs.name, forKeeping(outgoing), [], new Set());
        forgetFormer(former, userId);
        if (tabs.locks === null) await this.take(shelf, null);
        else this.show(await shelf.all(userId));
      });
    } else if (left.length > 0) {
      this.heard({ type: 'outbox_restored', outbox: left.map(forKeeping) });
    }
    this.options.onWork();
  }

  private show(kept: readonly Kept[]): void {
    const outbox = kept.flatMap(({ outgoing, tab }) => {
      const whole = wholeOutgoing(outgoing);
      return whole === null ? [] : [{ ...whole, tab: tab === this.options.tabs.name ? null : tab }];
    });
    this.heard({ type: 'outbox_restored', outbox });
    this.dropStored(outbox);
    this.watchTabs();
  }

  /** Whatever changed here is kept and told, whoever changed it. */
  private look(): void {
    const { outbox } = this.desk.store.get();
    if (outbox === this.seen || this.userId === null) return;
    const before = new Map(this.seen.map((outgoing) => [outgoing.clientId, outgoing]));
    this.seen = outbox;
    if (this.hearing || this.closed) return;
    for (const outgoing of outbox) {
      const former = before.get(outgoing.clientId);
      before.delete(outgoing.clientId);
      if (former !== outgoing) this.onChanged(outgoing, former);
    }
    for (const outgoing of before.values()) this.onGone(outgoing);
  }

  private onChanged(outgoing: Outgoing, former: Outgoing | undefined): void {
    if (outgoing.status === 'sent') this.drop(outgoing.clientId);
    else if (former === undefined || former.status === 'sent' || JSON.stringify(forKeeping(former)) !== JSON.stringify(forKeeping(outgoing))) this.save(outgoing, former === undefined);
    this.tell(outgoing);
  }

  private onGone({ clientId, conversationId }: Outgoing): void {
    this.drop(clientId);
    const state = this.desk.store.get();
    const message = storedAs(state, conversationId, clientId);
    this.options.tabs.tell(message ? { say: 'stored', clientId, message, epoch: state.epoch } : { say: 'gone', clientId });
  }

  private save(outgoing: Outgoing, isNew: boolean): void {
    const { userId, options } = this;
    if (userId === null || options.openShelf === null) return;
    const waitsFor = new Set(missingUploads(outgoing));
    const files = isNew ? this.filesOf(outgoing, waitsFor) : [];
    this.queue(outgoing.clientId, async (shelf) => {
      const whole = await shelf.put(userId, options.tabs.name, forKeeping(outgoing), files, waitsFor);
      if (!whole) this.desk.dispatch({ type: 'unkept', what: 'files' });
    });
  }

  private drop(clientId: string): void {
    const { userId, options } = this;
    if (userId !== null && options.openShelf !== null) this.queue(clientId, (shelf) => shelf.remove(userId, clientId));
  }

  /** One after the other for each message, so that a late write does not bring back what is gone. */
  private queue(clientId: string, act: (shelf: Shelf) => Promise<void>): void {
    const done = (this.saving.get(clientId) ?? Promise.resolve())
      .then(() => this.shelf)
      .then((shelf) => shelf && this.guarded(() => act(shelf)))
      .then(() => {
        if (this.saving.get(clientId) !== done) return;
        this.saving.delete(clientId);
        this.desk.dispatch({ type: 'outbox_saved', clientId });
      });
    this.saving.set(clientId, done);
  }

  private filesOf({ conversationId }: Outgoing, waitsFor: ReadonlySet<string>): KeptFile[] {
    return this.uploads.list.get().flatMap(({ id: uploadId, name, voice, sizeBytes, source }) => {
      return waitsFor.has(uploadId) && source ? [{ uploadId, conversationId, name, voice, sizeBytes, source }] : [];
    });
  }

  private tell(outgoing: Outgoing): void {
    const { tabs } = this.options;
    const isMine = outgoing.tab === null;
    const stuck = isMine && outgoing.status === 'waiting' && !this.desk.connection.online;
    tabs.tell({ say: 'told', outgoing: { ...outgoing, tab: null, saving: false }, tab: outgoing.tab ?? tabs.name, stuck });
  }

  private hear(word: Word): void {
    if (this.closed) return;
    switch (word.say) {
      case 'told':
        this.onTold(word);
        break;
      case 'stored':
        this.onStored(word);
        break;
      case 'gone':
        for (const { clientId, tab, attachments } of this.desk.store.get().outbox) {
          if (clientId === word.clientId && tab === null) for (const { uploadId } of attachments) if (uploadId !== null) this.uploads.remove(uploadId);
        }
        this.heard({ type: 'discard', clientId: word.clientId });
        break;
      case 'connected':
        if (!this.desk.connection.online) void this.passTo(word.tab);
        break;
      case 'signed_out':
        this.options.onSignedOut();
        break;
    }
    this.options.onWork();
  }

  /** Where in the log, means something in one epoch only; in another one the log itself will tell. */
  private onStored({ clientId, message, epoch }: Extract<Word, { say: 'stored' }>): void {
    const known = epoch === this.desk.store.get().epoch && isSound('message_received', message);
    this.heard(known ? { type: 'confirmed', clientId, message } : { type: 'discard', clientId });
  }

  private onTold({ outgoing, tab, stuck }: Extract<Word, { say: 'told' }>): void {
    const whole = wholeOutgoing(outgoing);
    if (whole === null) return;
    const { tabs } = this.options;
    const held = this.desk.store.get().outbox.find(({ clientId }) => clientId === whole.clientId);
    if (tab !== tabs.name) {
      if (held?.tab === null) this.uploads.release(missingUploads(held));
      this.heard({ type: 'outbox_told', outgoing: { ...whole, tab } });
      this.watchTabs();
      if (stuck && this.desk.connection.online) this.onReady();
    } else if (held?.tab !== null) {
      void this.takeNamed(whole.clientId);
    } else if (held.status === 'failed' && whole.status === 'waiting') {
      this.heard({ type: 'retry', clientId: whole.clientId });
    }
  }

  /** To a tab that can send: what waits here and needs nothing that only this tab has. */
  private async passTo(tab: string): Promise<void> {
    const { userId } = this;
    const shelf = await this.shelf;
    const due = this.desk.store.get().outbox.filter((out) => out.tab === null && out.status === 'waiting' && missingUploads(out).length === 0);
    if (shelf === null || userId === null || due.length === 0 || this.desk.connection.online) return;
    // From here on they are not sent here, even if this tab connects meanwhile.
    for (const outgoing of due) this.heard({ type: 'outbox_told', outgoing: { ...outgoing, tab } });
    await this.guarded(async () => {
      await Promise.all(due.flatMap(({ clientId }) => this.saved(clientId) ?? []));
      await shelf.pass(userId, this.options.tabs.name, tab, new Set(due.map(({ clientId }) => clientId)));
      for (const outgoing of due) this.options.tabs.tell({ say: 'told', outgoing, tab, stuck: false });
    });
    this.watchTabs();
  }

  private watchTabs(): void {
    for (const { tab } of this.desk.store.get().outbox) if (tab !== null) this.options.tabs.watch(tab, () => this.inherit(tab));
  }

  /** That tab is no more: what it has on the shelf is to be sent from here, and what it had only in memory went with it. */
  private async inherit(tab: string): Promise<void> {
    const shelf = await this.shelf;
    if (this.closed) return;
    if (shelf !== null) await this.guarded(() => this.take(shelf, tab));
    for (const outgoing of this.desk.store.get().outbox) if (outgoing.tab === tab) this.heard({ type: 'discard', clientId: outgoing.clientId });
    this.options.onWork();
  }

  private async takeNamed(clientId: string): Promise<void> {
    const shelf = await this.shelf;
    if (shelf !== null) await this.guarded(() => this.take(shelf, this.options.tabs.name, new Set([clientId])));
    this.options.onWork();
  }

  private async take(shelf: Shelf, from: string | null, only: ReadonlySet<string> | null = null): Promise<void> {
    const { userId, options } = this;
    if (userId === null) return;
    const kept = await shelf.pass(userId, from, options.tabs.name, only);
    if (this.closed) return;
    this.uploads.restore(kept.flatMap(({ files }) => files));
    const outbox = kept.flatMap(({ outgoing }) => wholeOutgoing(outgoing) ?? []);
    this.heard({ type: 'outbox_restored', outbox });
    for (const outgoing of this.dropStored(outbox)) {
      this.heard({ type: 'outbox_told', outgoing });
      this.tell(outgoing);
    }
  }

  /** What the log has already need not be kept. Returns the rest. */
  private dropStored(kept: readonly Outgoing[]): Outgoing[] {
    const held = new Set(this.desk.store.get().outbox.map(({ clientId }) => clientId));
    for (const { clientId } of kept) if (!held.has(clientId)) this.drop(clientId);
    return kept.filter(({ clientId }) => held.has(clientId));
  }

  private heard(event: Parameters<Desk['dispatch']>[0]): void {
    this.hearing = true;
    try {
      this.desk.dispatch(event);
    } finally {
      this.hearing = false;
    }
  }

  /** Keeping fails as quietly as it can: it costs only what a reload would lose. */
  private async guarded(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch {
      this.loseShelf();
    }
  }

  private loseShelf(): null {
    this.shelf = Promise.resolve(null);
    if (!this.closed) this.desk.dispatch({ type: 'unkept', what: 'all' });
    return null;
  }
}

/** As a reload is to find it: nobody knows what became of one that was on its way, so it waits. */
function forKeeping(outgoing: Outgoing): Outgoing {
  const failed = outgoing.status === 'failed';
  return { ...outgoing, tab: null, saving: false, status: failed ? 'failed' : 'waiting', attempts: 0, error: failed ? outgoing.error : null };
}

function storedAs({ threads, conversations }: State, conversationId: string, clientId: string): Message | undefined {
  const last = conversations[conversationId]?.lastMessage;
  return last?.clientId === clientId ? last : threads[conversationId]?.messages.findLast((message) => message.clientId === clientId);
}

/** As the browser can. Outside browsers nothing outlives the page; a browser without IndexedDB is one that keeps nothing. */
export function keeperOf(desk: Desk, tabs: TabsOptions | undefined, onSignedOut: () => void, onWork: () => void): OutboxKeeper {
  const nothing = typeof indexedDB === 'undefined' && typeof window === 'undefined';
  const openShelf: KeeperOptions['openShelf'] = nothing ? null : (onEnd) => Shelf.open(onEnd);
  return new OutboxKeeper(desk, { openShelf, former: formerStorages(), tabs: new Tabs(tabs), onSignedOut, onWork });
}
