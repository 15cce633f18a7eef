/**
 * A client without timers or sockets, several conversations, and a network that does as a test says: loses, doubles,
 * delays and reorders events and answers, restarts the page, and puts an older store in the place of the server's.
 */

import { apply, initialState, type Conversation, type Message, type Outgoing, type State, type StateEvent } from '../../src/client';
import { ME, outgoing, readyPayload } from '../make';
import { Refusal, room, user, World } from './world';

const PAGE = 4;
const LOG_EVENTS = ['message_received', 'new_message_notification', 'conversation_created', 'conversation_updated', 'message_updated', 'message_deleted'];

/** What the outbox of a message may say next. */
export interface Sent {
  clientId: string;
  answer: StateEvent;
}

export class ModelClient {
  state: State = initialState(ME);
  readonly wire: StateEvent[] = [];
  readonly answers: StateEvent[][] = [];
  readonly acks: Sent[] = [];
  /** From another tab, in order. */
  readonly words: { event: StateEvent; epoch: string }[] = [];
  private readonly elsewhere: Outgoing[] = [];
  private readonly stored = new Set<string>();
  /** Every message written here, and what is known of it apart from the state. */
  readonly written = new Map<string, { conversationId: string; discarded: boolean; wasStored: boolean; wasGone: boolean }>();
  /** Called after every event with the state before it. */
  onStep: (event: StateEvent, before: State) => void = () => undefined;
  private readonly inRooms = new Set<string>();
  private clock = 0;
  private count = 0;
  private backup: World['kept'] = new Map();
  readonly world = new World(
    (event, payload, to, except = []) => this.carry(event, payload, to, except),
    (name, userId) => {
      if (userId === undefined || userId === ME) this.inRooms.delete(name);
    },
  );

  constructor(people: readonly string[]) {
    this.world.now = () => new Date((this.clock += 1_000));
    for (const id of people) this.world.person(id, id);
    this.greet();
  }

  mine(): string[] {
    return this.world.list(ME).map(({ id }) => id).sort();
  }

  enter(id: string): void {
    if (this.world.isMine(id, ME)) this.inRooms.add(room(id));
  }

  leave(id: string): void {
    this.inRooms.delete(room(id));
  }

  apply(event: StateEvent): void {
    const before = this.state;
    this.state = apply(before, event);
    for (const one of this.written.values()) if (this.state.gone[one.conversationId]) one.wasGone = true;
    this.onStep(event, before);
  }

  // What a person does here.

  write(conversationId: string): void {
    const clientId = `w${(this.count += 1)}`;
    this.written.set(clientId, { conversationId, discarded: false, wasStored: false, wasGone: false });
    this.apply({ type: 'send', clientId, conversationId, content: `written ${clientId}`, at: '' });
  }

  /** In another tab, from which one hears of it. */
  writeElsewhere(conversationId: string): void {
    const clientId = `t${(this.count += 1)}`;
    const written = outgoing({ clientId, conversationId, content: `written ${clientId}`, tab: 'another' });
    this.elsewhere.push(written);
    this.say({ type: 'outbox_told', outgoing: written });
  }

  goElsewhere(): void {
    const first = this.elsewhere.shift();
    if (first === undefined) return;
    const answer = this.answerTo(first.clientId, first.conversationId, first.content);
    const failed = { ...first, status: 'failed' as const, error: { code: 'refused', message: '' } };
    this.say(answer.type === 'confirmed' ? answer : { type: 'outbox_told', outgoing: failed });
  }

  private say(event: StateEvent): void {
    this.words.push({ event, epoch: this.world.epoch });
  }

  hear(): void {
    const heard = this.words.shift();
    if (heard === undefined) return;
    const { event: word, epoch } = heard;
    if (word.type === 'outbox_told' && !this.written.has(word.outgoing.clientId)) {
      const { clientId, conversationId } = word.outgoing;
      this.written.set(clientId, { conversationId, discarded: false, wasStored: this.stored.has(clientId), wasGone: this.state.gone[conversationId] !== undefined });
    }
    const isOfAnotherStore = word.type === 'confirmed' && epoch !== this.state.epoch;
    this.apply(isOfAnotherStore ? { type: 'discard', clientId: word.clientId } : word);
  }

  discard({ clientId }: Outgoing): void {
    const one = this.written.get(clientId);
    if (one) one.discarded = true;
    this.apply({ type: 'discard', clientId });
  }

  /** To the server, whose answer is on its way. */
  go({ clientId, conversationId, content }: Outgoing): void {
    this.apply({ type: 'sending', clientId });
    this.acks.push({ clientId, answer: this.answerTo(clientId, conversationId, content) });
  }

  private answerTo(clientId: string, conversationId: string, content: string): StateEvent {
    try {
      const message = this.world.send(conversationId, ME, content, clientId);
      const one = this.written.get(clientId);
      if (one) one.wasStored = true;
      this.stored.add(clientId);
      return { type: 'confirmed', clientId, message };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { type: 'failed', clientId, error: { code: error.code, message: error.message } };
    }
  }

  // What the network and the machine do.

  save(): void {
    this.backup = structuredClone(this.world.kept);
  }

  /** The server comes back with a backup, which is another epoch. */
  restore(): void {
    this.world.kept.clear();
    for (const [id, kept] of structuredClone(this.backup)) this.world.kept.set(id, kept);
    this.world.epoch = `${this.world.epoch}+`;
    this.reconnect();
  }

  /** Nothing of before comes any more; what was on its way to the server is of unknown fate. */
  reconnect(): void {
    this.lose();
    for (const { clientId, status, tab } of this.state.outbox) if (status === 'sending' && tab === null) this.apply({ type: 'unanswered', clientId });
    this.greet();
  }

  /** A new page, with what outlives the old one. */
  reload(): void {
    while (this.words.length > 0) this.hear();
    const kept = this.state.outbox.filter(({ status }) => status !== 'sent').map((out) => (out.status === 'failed' ? out : { ...out, status: 'waiting' as const }));
    this.lose();
    this.state = initialState(ME);
    this.apply({ type: 'outbox_restored', outbox: structuredClone(kept) });
    this.greet();
  }

  // What the client asks; the answer is as old as the question.

  askList(): void {
    this.apply({ type: 'list_requested' });
    this.answers.push(this.lists());
  }

  askPage(id: string, older: boolean): void {
    const thread = this.state.threads[id];
    if (thread?.loading || !this.world.isMine(id, ME) || this.state.positions[id] === undefined) return;
    if (older && !thread?.hasBefore) return;
    const mode = older ? ('before' as const) : ('replace' as const);
    this.apply({ type: 'page_requested', conversationId: id, mode });
    this.answers.push([{ type: 'page_loaded', conversationId: id, mode, page: this.page(id, older ? { before: String(thread?.messages[0]?.seq ?? 0) } : {}) }]);
  }

  askResume(): void {
    this.answers.push(this.resumed());
  }

  /** As after each connection, with everything answered at once. */
  settle(): void {
    while (this.words.length > 0) this.hear();
    this.lose();
    for (const [id, { loading }] of Object.entries(this.state.threads)) if (loading !== null) this.apply({ type: 'page_failed', conversationId: id, error: 'lost' });
    this.reconnect();
    for (const event of this.lists()) this.apply(event);
    for (const event of this.resumed()) this.apply(event);
  }

  private greet(): void {
    this.apply({ type: 'ready', payload: readyPayload({ epoch: this.world.epoch, totalUnread: this.world.totalUnread(ME) }) });
  }

  private lose(): void {
    for (const queue of [this.wire, this.answers, this.acks]) queue.length = 0;
    this.inRooms.clear();
  }

  private lists(): StateEvent[] {
    return [false, true].map((archived) => {
      const page = this.world.listPage(ME, new URLSearchParams({ archived: String(archived), limit: '100' }));
      return { type: 'list_loaded', page: page as never, archived };
    });
  }

  page(id: string, query: Record<string, string>): never {
    return this.world.page(id, ME, new URLSearchParams({ limit: String(PAGE), ...query })) as never;
  }

  private resumed(): StateEvent[] {
    const held = Object.keys(this.state.conversations);
    const positions = Object.fromEntries(held.map((id) => [id, this.state.positions[id]?.seq ?? 0]));
    const caught = held.map((id): StateEvent => ({ type: 'caught_up', conversationId: id, after: positions[id] ?? 0, catchup: this.world.catchUp(id, ME, positions[id] ?? 0) }));
    const others = this.world.list(ME).filter(({ id }) => !held.includes(id));
    return structuredClone([...caught, { type: 'resumed', others, elsewhere: 0 }]);
  }

  private carry(event: string, payload: unknown, to: string[], except: string[]): void {
    const rooms = [user(ME), ...this.inRooms];
    if (!to.some((name) => rooms.includes(name)) || except.some((name) => rooms.includes(name))) return;
    this.wire.push({ type: event, payload: structuredClone(payload) } as StateEvent);
  }
}

export function isLogEvent({ type }: StateEvent): boolean {
  return LOG_EVENTS.includes(type);
}

/** The place that an event takes in its conversation's log. */
export function placeOf(event: StateEvent): { id: string; seq: number } {
  const { type, payload } = event as { type: string; payload: { id: string; conversationId?: string; seq: number; updatedSeq: number } };
  return { id: payload.conversationId ?? payload.id, seq: type === 'message_updated' ? payload.updatedSeq : payload.seq };
}

/** When it was deleted is not told by the event of a deletion. */
export function comparableMessages(messages: readonly (Message | null)[]): object[] {
  return messages.map((message) => ({ ...message, deletedAt: message !== null && message.deletedAt !== null }));
}

/** When one read and received oneself, nobody is told. */
export function comparable(conversation: Conversation | undefined): object {
  const participants = conversation?.participants.map((one) => (one.userId === ME ? { ...one, readAt: null, deliveredAt: null } : one));
  return { ...conversation, participants, updatedAt: null, lastMessage: comparableMessages([conversation?.lastMessage ?? null]) };
}
