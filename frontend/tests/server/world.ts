/**
 * The test server's domain: as much of the real one as a client meets, under the wire contract: conversations with a
 * log without holes, marks, groups, how each person keeps them, catch-up. Events go to `emit`; whoever carries them
 * decides who gets them.
 */

import type { Catchup, ChangeSettings, Conversation, GroupRole, PersonalChange, Presence, Subject, SystemEvent, UserSettings } from '../../src/client';
import { catchup, NOTHING_PERSONAL } from '../make';
import { Refusal, room, user, watchers, type Kept } from './ledger';
import { Talk } from './talk';

export { Refusal, room, user, watchers } from './ledger';

const PAGE = 50;
const MAX_CATCHUP = 500;

export class World extends Talk {
  /** What each person's sockets say; offline where nothing. */
  readonly presence = new Map<string, Presence['status']>();

  create(participantIds: string[], more: { subject?: Subject | null; title?: string | null; kind?: Conversation['kind'] | null; historyVisible?: boolean } = {}): string {
    const id = this.newId('c');
    const at = this.now().toISOString();
    const kind = more.kind ?? (participantIds.length > 2 ? 'GROUP' : 'DIRECT');
    const role = (index: number): GroupRole | null => (kind === 'DIRECT' ? null : index === 0 ? 'OWNER' : 'MEMBER');
    this.kept.set(id, {
      conversation: {
        id,
        kind,
        subject: more.subject ?? null,
        title: more.title ?? null,
        status: 'ACTIVE',
        seq: 0,
        participants: participantIds.map((userId, index) => this.participant(userId, { groupRole: role(index) })),
        createdAt: at,
        updatedAt: at,
        historyVisible: more.historyVisible ?? false,
      },
      messages: [],
      log: [],
      personal: new Map(),
      secretReads: new Map(),
    });
    for (const userId of participantIds) this.emit('conversation_created', this.seen(id, userId), [user(userId)]);
    return id;
  }

  change(id: string, userId: string, { status, title, historyVisible }: Partial<Pick<Conversation, 'status' | 'title' | 'historyVisible'>>): Conversation {
    const kept = this.mine(id, userId);
    const next = { ...(status && { status }), ...(title !== undefined && { title }), ...(historyVisible !== undefined && { historyVisible }) };
    const changes = Object.entries(next).some(([name, value]) => kept.conversation[name as 'title'] !== value);
    if (changes) {
      Object.assign(kept.conversation, next);
      this.announce(kept, this.record(kept, 'conversation_updated', null, userId));
    }
    return this.seen(id, userId);
  }

  setStatus(id: string, userId: string, status: Conversation['status']): Conversation {
    return this.change(id, userId, { status });
  }

  remove(id: string, userId: string): void {
    const { conversation } = this.mine(id, userId);
    this.kept.delete(id);
    for (const { userId: to } of conversation.participants) {
      const gone = { conversationId: id, seq: conversation.seq + 1, deletedBy: userId, totalUnread: this.totalUnread(to) };
      this.emit('conversation_deleted', gone, [user(to)]);
    }
    this.emptyRoom(room(id));
  }

  add(id: string, userId: string, userIds: readonly string[]): Conversation {
    const kept = this.owned(id, userId);
    const news = userIds.filter((each) => !this.isMine(id, each));
    if (news.length === 0) return this.seen(id, userId);
    const { seq } = kept.conversation;
    for (const each of news) kept.conversation.participants.push(this.participant(each, { groupRole: 'MEMBER', readSeq: seq, deliveredSeq: seq }));
    this.announce(kept, this.record(kept, 'conversation_updated', null, userId), [], news);
    for (const each of news) this.emit('conversation_created', this.seen(id, each), [user(each)]);
    return this.told(kept, userId, 'added', news);
  }

  /** Also oneself. */
  takeOut(id: string, userId: string, removedId: string): Conversation | null {
    const kept = userId === removedId ? this.mine(id, userId) : this.owned(id, userId);
    if (!this.isMine(id, removedId)) throw new Refusal('not_found', 'no such participant', 404);
    kept.conversation.participants = kept.conversation.participants.filter((one) => one.userId !== removedId);
    kept.personal.delete(removedId);
    kept.secretReads.delete(removedId);
    this.emptyRoom(room(id), removedId);
    const seq = this.record(kept, 'conversation_updated', null, userId);
    const removed = { conversationId: id, seq, userId: removedId, removedBy: userId, totalUnread: this.totalUnread(removedId) };
    this.emit('participant_removed', removed, [user(removedId)]);
    this.announce(kept, seq);
    const told = this.told(kept, userId, userId === removedId ? 'left' : 'removed', [removedId]);
    return this.isMine(id, userId) ? told : null;
  }

  setRole(id: string, userId: string, memberId: string, role: GroupRole): Conversation {
    const kept = this.owned(id, userId);
    const member = kept.conversation.participants.find((one) => one.userId === memberId);
    if (member === undefined) throw new Refusal('not_found', 'no such participant', 404);
    if (member.groupRole === role) return this.seen(id, userId);
    member.groupRole = role;
    this.announce(kept, this.record(kept, 'conversation_updated', null, userId));
    return this.told(kept, userId, role === 'OWNER' ? 'made_owner' : 'made_member', [memberId]);
  }

  markRead(id: string, userId: string, seq: number): { readSeq: number; unread: number; totalUnread: number } {
    const kept = this.mine(id, userId);
    const before = this.readSeqOf(kept, userId);
    const readSeq = Math.max(before, Math.min(seq, kept.conversation.seq));
    const personal = kept.personal.get(userId) ?? NOTHING_PERSONAL;
    kept.personal.set(userId, { ...personal, markedUnread: false });
    if (readSeq > before || personal.markedUnread) this.moveRead(kept, userId, readSeq, readSeq > before);
    return { readSeq, unread: this.unread(kept, userId), totalUnread: this.totalUnread(userId) };
  }

  markDelivered(userId: string, positions: Readonly<Record<string, number>>): object {
    for (const [id, seq] of Object.entries(positions)) if (this.isMine(id, userId)) this.deliver(this.mine(id, userId), userId, seq);
    return {};
  }

  setPersonal(id: string, userId: string, { pinned, ...change }: PersonalChange): Conversation {
    const kept = this.mine(id, userId);
    const before = kept.personal.get(userId) ?? NOTHING_PERSONAL;
    const pinnedAt = pinned === undefined ? before.pinnedAt : pinned ? (before.pinnedAt ?? this.now().toISOString()) : null;
    const { archived = before.archived, markedUnread = before.markedUnread, mutedUntil = before.mutedUntil } = change;
    const personal = { pinnedAt, archived, markedUnread, mutedUntil };
    kept.personal.set(userId, personal);
    if (JSON.stringify(personal) !== JSON.stringify(before)) this.emit('personal_changed', { conversationId: id, personal }, [user(userId)]);
    return this.seen(id, userId);
  }

  catchUp(id: string, userId: string, after: number): Catchup {
    const kept = this.kept.get(id);
    if (kept === undefined || !this.isMine(id, userId)) return catchup({ events: null, gone: true });
    const { seq } = kept.conversation;
    const reset = after > seq || seq - after > MAX_CATCHUP;
    const { participants, personal, unread } = this.seen(id, userId);
    const reads = Object.fromEntries(participants.map((one) => [one.userId, one.readSeq]));
    const marks = Object.fromEntries(participants.map(({ userId: of, readSeq, readAt, deliveredSeq, deliveredAt }) => [of, { readSeq, readAt, deliveredSeq, deliveredAt }]));
    const events = reset ? null : kept.log.filter((entry) => entry.seq > after).map((entry) => this.entry(kept, entry, userId));
    return catchup({ events, reset, unread, reads, marks, personal });
  }

  resume(userId: string, epoch: string, conversations: Readonly<Record<string, number>>): object {
    const reset = epoch !== this.epoch;
    const caught = Object.entries(reset ? {} : conversations).map(([id, seq]) => [id, this.catchUp(id, userId, seq)] as const);
    const others = this.list(userId).filter((conversation) => !(conversation.id in conversations)).slice(0, 50);
    return { epoch: this.epoch, conversations: Object.fromEntries(caught), others, totalUnread: this.totalUnread(userId), reset };
  }

  list(userId: string): Conversation[] {
    const seen = this.ofUser(userId).map(({ conversation }) => this.seen(conversation.id, userId));
    const key = ({ personal, updatedAt, id }: Conversation) => `${personal.pinnedAt === null ? 0 : 1} ${updatedAt} ${id}`;
    return seen.sort((a, b) => (key(a) < key(b) ? 1 : -1));
  }

  listPage(userId: string, query: URLSearchParams): object {
    const q = query.get('q')?.toLowerCase() ?? '';
    const archived = query.get('archived') === 'true';
    const all = this.list(userId).filter(
      ({ subject, participants, personal }) => personal.archived === archived && JSON.stringify([subject?.title, participants]).toLowerCase().includes(q),
    );
    const start = Number(query.get('cursor') ?? 0);
    const end = start + Number(query.get('limit') ?? PAGE);
    return { items: all.slice(start, end), nextCursor: end < all.length ? String(end) : null };
  }

  start(userId: string, recipientId: string, subject: Subject | null, content: string, clientId: string): object {
    this.profile(recipientId);
    const isSame = ({ participants, subject: other }: Conversation) => participants.length === 2 && participants.some((p) => p.userId === recipientId) && other?.id === subject?.id;
    const id = this.list(userId).find(isSame)?.id ?? this.create([userId, recipientId], { subject });
    const message = this.send(id, userId, content, clientId);
    return { conversation: this.seen(id, userId), message };
  }

  /** Everybody else in the conversation hears of it, wherever they are. */
  typing(event: string, userId: string, conversationId: string, activity: 'typing' | 'recording' = 'typing'): object {
    const { conversation } = this.mine(conversationId, userId);
    const others = conversation.participants.filter((one) => one.userId !== userId).map((one) => user(one.userId));
    this.emit(event, { conversationId, userId, name: this.profile(userId).name, activity }, others);
    return {};
  }

  setPresence(userId: string, status: Presence['status']): object {
    this.presence.set(userId, status);
    this.emit('presence_changed', this.presenceOf(userId), [watchers(userId)]);
    return {};
  }

  /** Of those with whom one shares a conversation. */
  watch(userId: string, userIds: readonly string[]): Presence[] {
    const known = new Set(this.ofUser(userId).flatMap(({ conversation }) => conversation.participants.map((one) => one.userId)));
    return userIds.filter((id) => known.has(id)).map((id) => this.presenceOf(id));
  }

  changeSettings(userId: string, { sharePresence, sendReadReceipts }: ChangeSettings): { settings: UserSettings } {
    const before = this.settingsOf(userId);
    const settings = { sharePresence: sharePresence ?? before.sharePresence, sendReadReceipts: sendReadReceipts ?? before.sendReadReceipts };
    this.settings.set(userId, settings);
    this.emit('settings_changed', settings, [user(userId)]);
    return { settings };
  }

  private presenceOf(userId: string): Presence {
    return { userId, status: this.presence.get(userId) ?? 'offline', lastSeenAt: null };
  }

  private owned(id: string, userId: string): Kept {
    const kept = this.mine(id, userId);
    const role = kept.conversation.participants.find((one) => one.userId === userId)?.groupRole;
    if (role !== 'OWNER') throw new Refusal('forbidden', 'only an owner of the group may do this', 403);
    return kept;
  }

  private told(kept: Kept, userId: string, event: SystemEvent, userIds: readonly string[]): Conversation {
    const users = userIds.map((id) => ({ id, name: this.profile(id).name }));
    this.append(kept, userId, { type: 'SYSTEM', content: event, system: { event, users, title: null } });
    return this.isMine(kept.conversation.id, userId) ? this.seen(kept.conversation.id, userId) : ({} as Conversation);
  }

  private moveRead(kept: Kept, userId: string, readSeq: number, forward: boolean): void {
    const { id, participants } = kept.conversation;
    const me = participants.find((one) => one.userId === userId);
    if (me === undefined) return;
    const readAt = this.now().toISOString();
    const shown = forward && this.settingsOf(userId).sendReadReceipts;
    const mark = { conversationId: id, userId, readSeq, readAt };
    if (shown) {
      kept.secretReads.delete(userId);
      Object.assign(me, { readSeq, readAt });
      if (readSeq > me.deliveredSeq) Object.assign(me, { deliveredSeq: readSeq, deliveredAt: readAt });
      this.emit('message_read', { ...mark, unread: null, totalUnread: null }, participants.filter((one) => one !== me).map((one) => user(one.userId)));
    } else {
      if (readSeq > me.readSeq) kept.secretReads.set(userId, readSeq);
      this.deliver(kept, userId, readSeq);
    }
    this.emit('message_read', { ...mark, unread: this.unread(kept, userId), totalUnread: this.totalUnread(userId) }, [user(userId)]);
  }

  /** Told to those who look at the conversation; the receiver's own devices have no use for it. */
  private deliver({ conversation }: Kept, userId: string, seq: number): void {
    const me = conversation.participants.find((one) => one.userId === userId);
    const deliveredSeq = Math.min(seq, conversation.seq);
    if (me === undefined || deliveredSeq <= me.deliveredSeq) return;
    const deliveredAt = this.now().toISOString();
    Object.assign(me, { deliveredSeq, deliveredAt });
    this.emit('message_delivered', { conversationId: conversation.id, userId, deliveredSeq, deliveredAt }, [room(conversation.id)], [user(userId)]);
  }
}
