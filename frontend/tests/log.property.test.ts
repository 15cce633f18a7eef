/**
 * Whatever the network does to the events (lose, double, delay, reorder), and however page loads and catch-ups cross
 * them: after one more catch-up the client holds what the server holds.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { apply, initialState, type Conversation, type Message, type State, type StateEvent } from '../src/client';
import { ME, readyPayload } from './make';
import { room, user, World } from './server/world';

const PEOPLE = [ME, 'you', 'them'];
/** Owns the group, so that the others can be let out and in again. */
const OWNER = 'you';
const EMOJI = ['👍', '🎉'];

type Op =
  | { do: 'send' | 'answer' | 'status' | 'read' | 'delivered' | 'secret' | 'out' | 'in' | 'role'; by: number; pick: number }
  | { do: 'edit' | 'erase' | 'react' | 'unreact'; by: number; pick: number }
  | { do: 'keep' | 'unkeep'; pick: number }
  | { do: 'enter' | 'leave' | 'ask' | 'answered' | 'open' | 'older' | 'page' }
  | { do: 'deliver' | 'double' | 'lose'; pick: number };

const by = fc.nat({ max: PEOPLE.length - 1 });
const pick = fc.nat({ max: 40 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('send' as const, 'send' as const, 'answer' as const), by, pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'edit' as const, 'erase' as const, 'react' as const, 'react' as const, 'unreact' as const), by, pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'delivered' as const, 'status' as const, 'secret' as const), by, pick }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('out' as const, 'in' as const, 'in' as const, 'role' as const), by, pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('keep' as const, 'unkeep' as const), pick }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'double' as const, 'lose' as const), pick }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constantFrom('enter' as const, 'leave' as const, 'ask' as const, 'answered' as const, 'open' as const, 'older' as const, 'page' as const) }) },
);

/** One conversation, a client of one of its people, and a network between them that does as the ops say. */
class Rig {
  state: State = initialState(ME);
  private inRoom = false;
  private readonly wire: StateEvent[] = [];
  private readonly answers: StateEvent[] = [];
  private pages: StateEvent[] = [];
  private clock = 0;
  readonly world = new World(
    (event, payload, to, except = []) => {
      this.carry(event, payload, to, except);
    },
    (_room, userId) => {
      if (userId === ME) this.inRoom = false;
    },
  );
  readonly id: string;

  constructor() {
    this.world.now = () => new Date((this.clock += 1_000));
    for (const id of PEOPLE) this.world.person(id, id);
    this.id = this.world.create([OWNER, ...PEOPLE.filter((id) => id !== OWNER)]);
    this.wire.length = 0;
    this.apply({ type: 'ready', payload: readyPayload({ epoch: this.world.epoch }) });
    this.apply({ type: 'conversation_loaded', conversation: this.world.seen(this.id, ME) });
  }

  get isMine(): boolean {
    return this.world.isMine(this.id, ME);
  }

  run(next: Op): void {
    if ('by' in next) this.domain(next.do, PEOPLE[next.by] ?? ME, next.pick);
    else if (next.do === 'keep' || next.do === 'unkeep') this.keep(next.do === 'keep', next.pick);
    else if ('pick' in next) this.network(next.do, next.pick);
    else this.client(next.do);
  }

  /** What people do. Who is out does nothing. */
  private domain(does: Extract<Op, { by: number }>['do'], who: string, pickAt: number): void {
    const { world, id } = this;
    const kept = world.kept.get(id);
    const closed = kept?.conversation.status === 'CLOSED';
    if (does === 'in') {
      world.add(id, OWNER, [who]);
      return;
    }
    if (kept === undefined || !world.isMine(id, who)) return;
    const pickOne = <T>(items: readonly T[]): T | undefined => items[pickAt % items.length];
    const said = kept.messages.filter(({ deletedAt, type }) => deletedAt === null && type !== 'SYSTEM');
    const mine = pickOne(said.filter(({ sender }) => sender.id === who));
    const any = pickOne(said);
    switch (does) {
      case 'send':
        if (!closed) world.send(id, who, `text ${pickAt}`);
        break;
      case 'answer':
        if (!closed && any) world.send(id, who, { content: `answer ${pickAt}`, replyTo: any.id });
        break;
      case 'edit':
        if (mine) world.edit(id, who, mine.id, `edited ${pickAt}`);
        break;
      case 'erase':
        if (mine) world.erase(id, who, mine.id);
        break;
      case 'react':
      case 'unreact':
        if (any) world.react(id, who, any.id, EMOJI[pickAt % 2] ?? '', does === 'react');
        break;
      case 'status':
        world.setStatus(id, who, closed ? 'ACTIVE' : 'CLOSED');
        break;
      case 'read':
        world.markRead(id, who, pickAt);
        break;
      case 'delivered':
        world.markDelivered(who, { [id]: pickAt });
        break;
      case 'secret':
        world.changeSettings(who, { sendReadReceipts: pickAt % 2 === 0 });
        break;
      case 'role':
        world.setRole(id, OWNER, who, who === OWNER || pickAt % 2 === 0 ? 'OWNER' : 'MEMBER');
        break;
      case 'out':
        if (who !== OWNER) world.takeOut(id, pickAt % 2 === 0 ? OWNER : who, who);
        break;
    }
  }

  private keep(on: boolean, pickAt: number): void {
    const changes = [{ pinned: on }, { archived: on }, { markedUnread: on }, { mutedUntil: on ? '2030-01-01T00:00:00.000Z' : null }];
    if (this.isMine) this.world.setPersonal(this.id, ME, changes[pickAt % changes.length] ?? {});
  }

  private client(does: 'enter' | 'leave' | 'ask' | 'answered' | 'open' | 'older' | 'page'): void {
    switch (does) {
      case 'enter':
      case 'leave':
        this.inRoom = does === 'enter' && this.isMine;
        break;
      case 'ask':
        this.answers.push(this.catchUp());
        break;
      case 'answered':
        this.applyNext(this.answers);
        break;
      case 'open':
      case 'older':
        this.requestPage(does);
        break;
      case 'page':
        this.applyNext(this.pages);
        break;
    }
  }

  /** The network calms down; what was on its way is lost. Then as after each connection: what is held, and what is not. */
  settle(): void {
    this.applyNext(this.pages);
    if (this.state.positions[this.id] !== undefined) this.apply(this.catchUp());
    this.apply({ type: 'resumed', others: this.world.list(ME).filter(({ id }) => this.state.conversations[id] === undefined), elsewhere: 0 });
  }

  private network(does: 'deliver' | 'double' | 'lose', pickAt: number): void {
    const at = this.wire.length === 0 ? 0 : pickAt % this.wire.length;
    const event = this.wire[at];
    if (event === undefined) return;
    if (does !== 'double') this.wire.splice(at, 1);
    if (does !== 'lose') this.apply(event);
  }

  private requestPage(what: 'open' | 'older'): void {
    const thread = this.state.threads[this.id];
    if (thread?.loading || !this.isMine || this.state.positions[this.id] === undefined) return;
    if (what === 'open') {
      this.ask('replace', {});
    } else if (thread?.hasBefore && thread.messages[0]) {
      this.ask('before', { before: String(thread.messages[0].seq) });
    }
  }

  private ask(mode: 'replace' | 'before', query: Record<string, string>): void {
    this.apply({ type: 'page_requested', conversationId: this.id, mode });
    const page = this.world.page(this.id, ME, new URLSearchParams({ limit: '4', ...query }));
    this.pages = [{ type: 'page_loaded', conversationId: this.id, mode, page: page as never }];
  }

  private catchUp(): StateEvent {
    const after = this.state.positions[this.id]?.seq;
    if (after === undefined) return { type: 'resumed', others: structuredClone(this.world.list(ME)), elsewhere: null };
    return { type: 'caught_up', conversationId: this.id, after, catchup: this.world.catchUp(this.id, ME, after) };
  }

  private carry(event: string, payload: unknown, to: string[], except: string[]): void {
    const rooms = [user(ME), ...(this.inRoom ? [room(this.id)] : [])];
    if (!to.some((name) => rooms.includes(name)) || except.some((name) => rooms.includes(name))) return;
    this.wire.push({ type: event, payload: structuredClone(payload) } as StateEvent);
  }

  private applyNext(from: StateEvent[]): void {
    const event = from.shift();
    if (event) this.apply(event);
  }

  private apply(event: StateEvent): void {
    const before = JSON.stringify(this.state);
    const next = apply(this.state, event);
    expect(JSON.stringify(this.state), 'apply changes nothing in place').toBe(before);
    this.expectNothingFell(next);
    this.state = next;
  }

  private expectNothingFell(next: State): void {
    for (const held of this.state.conversations[this.id]?.participants ?? []) {
      const now = next.conversations[this.id]?.participants.find(({ userId }) => userId === held.userId);
      if (now === undefined) continue;
      expect(now.readSeq, 'read marks never fall').toBeGreaterThanOrEqual(held.readSeq);
      expect(now.deliveredSeq, 'delivered marks never fall').toBeGreaterThanOrEqual(held.deliveredSeq);
    }
  }
}

function isThere(message: Message | null | undefined): message is Message {
  return message !== null && message !== undefined;
}

/** When it was deleted is not told by the event of a deletion. */
function withoutDeletionTime(messages: readonly Message[]): object[] {
  return messages.map((message) => ({ ...message, deletedAt: message.deletedAt !== null }));
}

/** The last message is compared apart; when one read and received oneself, nobody is told. */
function comparable(conversation: Conversation | undefined): object {
  const participants = conversation?.participants.map((one) => (one.userId === ME ? { ...one, readAt: null, deliveredAt: null } : one));
  return { ...conversation, participants, updatedAt: null, lastMessage: null };
}

test('any interleaving, loss and doubling of events, with a catch-up, ends equal to the log', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 80, size: 'max' }), (ops) => {
      const rig = new Rig();
      for (const next of ops) rig.run(next);
      rig.settle();
      const { conversations, positions, threads } = rig.state;
      const held = conversations[rig.id];
      if (!rig.isMine) {
        expect(held).toBeUndefined();
        expect(threads[rig.id]).toBeUndefined();
        return;
      }
      const truth = rig.world.seen(rig.id, ME);
      expect(positions[rig.id]).toEqual({ seq: truth.seq, ahead: [], behind: false });
      expect(comparable(held)).toEqual(comparable(truth));
      expect(withoutDeletionTime([held?.lastMessage].filter(isThere))).toEqual(withoutDeletionTime([truth.lastMessage].filter(isThere)));
      const thread = threads[rig.id];
      if (thread === undefined) return;
      const all = rig.world.kept.get(rig.id)?.messages ?? [];
      expect(withoutDeletionTime(thread.messages)).toEqual(withoutDeletionTime(all.slice(all.length - thread.messages.length)));
      expect(thread.hasBefore).toBe(thread.messages.length < all.length);
    }),
    { numRuns: 1_500 },
  );
});

test('events delivered in order without loss need no catch-up', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40 }), fc.boolean(), (ops, inRoom) => {
      const rig = new Rig();
      for (const next of ops) {
        if (!('by' in next) && next.do !== 'keep' && next.do !== 'unkeep') continue;
        if (inRoom) rig.run({ do: 'enter' });
        rig.run(next);
        for (let deliveries = 0; deliveries < 6; deliveries += 1) rig.run({ do: 'deliver', pick: 0 });
      }
      const held = rig.state.conversations[rig.id];
      if (!rig.isMine) {
        expect(held).toBeUndefined();
        expect(rig.state.totalUnread).toBe(0);
        return;
      }
      const truth = rig.world.seen(rig.id, ME);
      expect(rig.state.positions[rig.id]).toEqual({ seq: truth.seq, ahead: [], behind: false });
      expect(held?.unread).toBe(truth.unread);
      expect(held?.personal).toEqual(truth.personal);
      expect(rig.state.totalUnread).toBe(truth.unread);
    }),
    { numRuns: 800 },
  );
});
