/**
 * Whatever the network does to the events (lose, double, delay, reorder), and however page loads and catch-ups cross
 * them: after one more catch-up the client holds what the server holds.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { apply, initialState, type Message, type State, type StateEvent } from '../src/client';
import { ME, readyPayload } from './make';
import { room, user, World } from './server/world';

const PEOPLE = [ME, 'you', 'them'];

type Op =
  | { do: 'send' | 'status' | 'read'; by: number; pick: number }
  | { do: 'edit' | 'erase'; by: number; pick: number }
  | { do: 'enter' | 'leave' | 'ask' | 'answered' | 'open' | 'older' | 'page' }
  | { do: 'deliver' | 'double' | 'lose'; pick: number };

const by = fc.nat({ max: PEOPLE.length - 1 });
const pick = fc.nat({ max: 40 });
const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('send' as const), by, pick }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('edit' as const, 'edit' as const, 'erase' as const, 'status' as const, 'read' as const), by, pick }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constantFrom('deliver' as const, 'double' as const, 'lose' as const), pick }) },
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
  readonly world = new World((event, payload, to, except = []) => {
    this.carry(event, payload, to, except);
  });
  readonly id: string;

  constructor() {
    this.world.now = () => new Date((this.clock += 1_000));
    for (const id of PEOPLE) this.world.person(id, id);
    this.id = this.world.create(PEOPLE);
    this.apply({ type: 'ready', payload: readyPayload({ epoch: this.world.epoch }) });
    this.apply({ type: 'conversation_loaded', conversation: this.world.seen(this.id, ME) });
  }

  run(next: Op): void {
    const { world, id } = this;
    const pickOne = <T>(items: readonly T[]): T | undefined => ('pick' in next ? items[next.pick % items.length] : undefined);
    const speaker = 'by' in next ? (PEOPLE[next.by] ?? ME) : ME;
    const mine = world.kept.get(id)?.messages.filter((message) => message.sender.id === speaker) ?? [];
    const closed = world.kept.get(id)?.conversation.status === 'CLOSED';
    switch (next.do) {
      case 'send':
        if (!closed) world.send(id, speaker, `text ${next.pick}`);
        break;
      case 'edit':
      case 'erase': {
        const message = pickOne(mine.filter(({ deletedAt }) => deletedAt === null));
        if (message === undefined) break;
        if (next.do === 'edit') world.edit(id, speaker, message.id, `edited ${next.pick}`);
        else world.erase(id, speaker, message.id);
        break;
      }
      case 'status':
        world.setStatus(id, speaker, closed ? 'ACTIVE' : 'CLOSED');
        break;
      case 'read':
        world.markRead(id, speaker, next.pick);
        break;
      case 'deliver':
      case 'double':
      case 'lose':
        this.network(next.do, next.pick);
        break;
      case 'enter':
      case 'leave':
        this.inRoom = next.do === 'enter';
        break;
      case 'ask':
        this.answers.push(this.catchUp());
        break;
      case 'answered':
        this.applyNext(this.answers);
        break;
      case 'open':
      case 'older':
        this.requestPage(next.do);
        break;
      case 'page':
        this.applyNext(this.pages);
        break;
    }
  }

  /** The network calms down; what was on its way is lost. */
  settle(): void {
    this.applyNext(this.pages);
    this.apply(this.catchUp());
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
    if (thread?.loading) return;
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
    const after = this.state.positions[this.id]?.seq ?? 0;
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
    this.state = next;
  }
}

function isThere(message: Message | null | undefined): message is Message {
  return message !== null && message !== undefined;
}

/** When it was deleted is not told by the event of a deletion. */
function withoutDeletionTime(messages: readonly Message[]): object[] {
  return messages.map((message) => ({ ...message, deletedAt: message.deletedAt !== null }));
}

test('any interleaving, loss and doubling of events, with a catch-up, ends equal to the log', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 80, size: 'max' }), (ops) => {
      const rig = new Rig();
      for (const next of ops) rig.run(next);
      rig.settle();
      const truth = rig.world.seen(rig.id, ME);
      const { conversations, positions, threads } = rig.state;
      const held = conversations[rig.id];
      expect(positions[rig.id]).toEqual({ seq: truth.seq, ahead: [], behind: false });
      expect({ ...held, updatedAt: null, lastMessage: null }).toEqual({ ...truth, updatedAt: null, lastMessage: null });
      expect(withoutDeletionTime([held?.lastMessage].filter(isThere))).toEqual(
        withoutDeletionTime([truth.lastMessage].filter(isThere)),
      );
      const thread = threads[rig.id];
      if (thread === undefined) return;
      const all = rig.world.kept.get(rig.id)?.messages ?? [];
      expect(withoutDeletionTime(thread.messages)).toEqual(withoutDeletionTime(all.slice(all.length - thread.messages.length)));
      expect(thread.hasBefore).toBe(thread.messages.length < all.length);
    }),
    { numRuns: 800 },
  );
});

test('events delivered in order without loss need no catch-up', () => {
  fc.assert(
    fc.property(fc.array(op, { maxLength: 40 }), fc.boolean(), (ops, inRoom) => {
      const rig = new Rig();
      if (inRoom) rig.run({ do: 'enter' });
      for (const next of ops) {
        if (!['send', 'erase', 'status', 'read', 'edit'].includes(next.do)) continue;
        rig.run(next);
        for (let deliveries = 0; deliveries < 6; deliveries += 1) rig.run({ do: 'deliver', pick: 0 });
      }
      const truth = rig.world.seen(rig.id, ME);
      expect(rig.state.positions[rig.id]).toEqual({ seq: truth.seq, ahead: [], behind: false });
      expect(rig.state.conversations[rig.id]?.unread).toBe(truth.unread);
      expect(rig.state.totalUnread).toBe(truth.unread);
    }),
    { numRuns: 500 },
  );
});
