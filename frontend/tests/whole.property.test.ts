/**
 * Whatever people do and the network, the machine and the server's disk make of it: in the end the client holds what one
 * that fetched everything anew would hold, and on the way its outbox and its log never contradict each other.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { apply, initialState, type Outgoing, type State, type StateEvent } from '../src/client';
import { ME, readyPayload } from './make';
import { comparable, comparableMessages, isLogEvent, ModelClient, placeOf } from './server/model';

const PEOPLE = [ME, 'you', 'them'];

const TALK = ['send', 'send', 'edit', 'erase', 'react', 'read', 'delivered', 'status', 'keep'] as const;
const PEOPLE_OPS = ['create', 'remove', 'out', 'in'] as const;
const WRITE = ['write', 'write', 'go', 'go', 'go', 'retry', 'discard', 'tab writes', 'tab sends', 'hear', 'hear'] as const;
const NETWORK = ['deliver', 'deliver', 'deliver', 'double', 'lose', 'answer', 'answer', 'lose answer', 'ack', 'ack', 'lose ack', 'cut'] as const;
const ASK = ['enter', 'leave', 'list', 'open', 'open', 'older', 'resume'] as const;
const MACHINE = ['reload', 'backup', 'restore'] as const;

type Does = (typeof TALK | typeof PEOPLE_OPS | typeof WRITE | typeof NETWORK | typeof ASK | typeof MACHINE)[number];

interface Op {
  do: Does;
  by: number;
  pick: number;
}

const [by, pick] = [fc.nat({ max: PEOPLE.length - 1 }), fc.nat({ max: 60 })];
const of = (weight: number, names: readonly Does[]) => ({ weight, arbitrary: fc.record({ do: fc.constantFrom(...names), by, pick }) });
const op: fc.Arbitrary<Op> = fc.oneof(of(9, TALK), of(2, PEOPLE_OPS), of(8, WRITE), of(14, NETWORK), of(8, ASK), of(1, MACHINE));
const ops = fc.array(op, { maxLength: 90, size: 'max' });

/** Two conversations that are held, one of them looked at. */
function begun(): ModelClient {
  const client = new ModelClient(PEOPLE);
  const [pair, group] = [client.world.create(['you', ME]), client.world.create(['you', ME, 'them'])];
  client.world.send(group, 'them', 'hello');
  client.settle();
  client.enter(pair);
  client.askPage(pair, false);
  for (const event of client.answers.pop() ?? []) client.apply(event);
  client.save();
  return client;
}

function run(client: ModelClient, { do: does, by: who, pick: at }: Op): void {
  const one = <T>(items: readonly T[]): T | undefined => items[at % Math.max(1, items.length)];
  const outbox = (...statuses: Outgoing['status'][]) => one(client.state.outbox.filter(({ status, tab }) => tab === null && statuses.includes(status)));
  const id = one(client.mine());
  const person = PEOPLE[who] ?? ME;
  const waiting = outbox('waiting');
  const undecided = outbox('waiting', 'failed');
  switch (does) {
    case 'create':
      client.world.create([person, ...PEOPLE.filter((other) => other !== person)].slice(0, 2 + (at % 2)), { kind: at % 2 === 0 ? 'DIRECT' : 'GROUP' });
      break;
    case 'write':
      if (id !== undefined && client.state.conversations[id]) client.write(id);
      break;
    case 'tab writes':
      if (id !== undefined) client.writeElsewhere(id);
      break;
    case 'tab sends':
      client.goElsewhere();
      break;
    case 'hear':
      client.hear();
      break;
    case 'go':
      if (waiting) client.go(waiting);
      break;
    case 'retry':
      for (const { clientId } of [outbox('failed')].filter((out) => out !== undefined)) client.apply({ type: 'retry', clientId });
      break;
    case 'discard':
      if (undecided) client.discard(undecided);
      break;
    case 'deliver':
    case 'double':
    case 'lose':
      pass(client.wire, at, does, (event) => client.apply(event));
      break;
    case 'answer':
    case 'lose answer':
      pass(client.answers, at, does === 'answer' ? 'deliver' : 'lose', (events) => events.forEach((event) => client.apply(event)));
      break;
    case 'ack':
    case 'lose ack':
      pass(client.acks, at, 'deliver', ({ clientId, answer }) => client.apply(does === 'ack' ? answer : { type: 'unanswered', clientId }));
      break;
    case 'cut':
      if (at % 6 === 0) client.reconnect();
      break;
    case 'list':
      client.askList();
      break;
    case 'resume':
      client.askResume();
      break;
    case 'reload':
      client.reload();
      break;
    case 'backup':
      client.save();
      break;
    case 'restore':
      client.restore();
      break;
    default:
      if (id !== undefined) within(client, does, id, person, at);
  }
}

/** What needs a conversation of mine. */
function within(client: ModelClient, does: Does, id: string, person: string, at: number): void {
  const { world } = client;
  const kept = world.kept.get(id);
  if (kept === undefined) return;
  const closed = kept.conversation.status === 'CLOSED';
  const owner = kept.conversation.participants.find(({ groupRole }) => groupRole === 'OWNER')?.userId;
  const who = world.isMine(id, person) ? person : ME;
  const said = kept.messages.filter(({ deletedAt, type }) => deletedAt === null && type !== 'SYSTEM');
  const any = said[at % Math.max(1, said.length)];
  const own = said.filter(({ sender }) => sender.id === who).at(-1);
  switch (does) {
    case 'send':
      if (!closed) world.send(id, who, any && at % 3 === 0 ? { content: `answer ${at}`, replyTo: any.id } : `text ${at}`);
      break;
    case 'edit':
      if (own) world.edit(id, who, own.id, `edited ${at}`);
      break;
    case 'erase':
      if (own) world.erase(id, who, own.id);
      break;
    case 'react':
      if (any) world.react(id, who, any.id, '👍', at % 3 > 0);
      break;
    case 'read':
      world.markRead(id, who, at % (kept.conversation.seq + 1));
      break;
    case 'delivered':
      world.markDelivered(who, { [id]: at });
      break;
    case 'status':
      world.setStatus(id, who, closed ? 'ACTIVE' : 'CLOSED');
      break;
    case 'keep':
      world.setPersonal(id, ME, at % 2 === 0 ? { archived: at % 4 === 0 } : { pinned: at % 3 === 0 });
      break;
    case 'remove':
      if (at % 4 === 0) world.remove(id, who);
      break;
    case 'out':
      if (owner !== undefined && person !== owner && world.isMine(id, person)) world.takeOut(id, at % 2 === 0 ? owner : person, person);
      break;
    case 'in':
      if (owner !== undefined) world.add(id, owner, [person]);
      break;
    case 'enter':
      client.enter(id);
      break;
    case 'leave':
      client.leave(id);
      break;
    case 'open':
    case 'older':
      client.askPage(id, does === 'older');
      break;
  }
}

function pass<T>(queue: T[], at: number, how: 'deliver' | 'double' | 'lose', take: (item: T) => void): void {
  const index = at % Math.max(1, queue.length);
  const item = queue[index];
  if (item === undefined) return;
  if (how !== 'double') queue.splice(index, 1);
  if (how !== 'lose') take(item);
}

/** Each message written here is shown once: as on its way, or where it stands in the log. */
function expectShownOnce(client: ModelClient): void {
  const { outbox, threads } = client.state;
  for (const [clientId, { conversationId, discarded, wasStored, wasGone }] of client.written) {
    const pending = outbox.filter((out) => out.clientId === clientId).length;
    const thread = threads[conversationId];
    const inThread = thread?.messages.filter((message) => message.clientId === clientId).length ?? 0;
    expect(pending + inThread, `${clientId} is shown at most once`).toBeLessThanOrEqual(1);
    const atServer = client.world.kept.get(conversationId)?.messages.find((message) => message.clientId === clientId);
    if (pending === 1 || discarded || wasGone) continue;
    expect(wasStored, `${clientId} is kept until it is stored`).toBe(true);
    const inReach = thread?.loaded && !thread.hasAfter && atServer && client.world.isMine(conversationId, ME);
    if (!inReach || (thread.hasBefore && atServer.seq < (thread.messages[0]?.seq ?? 0))) continue;
    expect(inThread, `${clientId} is in its thread`).toBe(1);
  }
}

/** With the messages held, the log is taken by steps of one, and a step that is known changes nothing. */
function expectSteps(event: StateEvent, before: State, after: State): void {
  if (!isLogEvent(event)) return;
  const { id, seq } = placeOf(event);
  const [was, is] = [before.positions[id], after.positions[id]];
  if (was && is && before.threads[id] && after.threads[id]) {
    const had = new Set([seq, ...was.ahead.map((step) => step.seq)]);
    for (let step = was.seq + 1; step <= is.seq; step += 1) expect(had, `step ${step} came`).toContain(step);
  }
  expect(apply(after, event), 'a repeat changes nothing').toEqual(after);
}

function fresh(client: ModelClient): State {
  const { world } = client;
  const lists = [false, true].map((archived): StateEvent => ({ type: 'list_loaded', page: world.listPage(ME, new URLSearchParams({ archived: String(archived), limit: '100' })) as never, archived }));
  const ready: StateEvent = { type: 'ready', payload: readyPayload({ epoch: world.epoch, totalUnread: world.totalUnread(ME) }) };
  return [ready, ...lists].reduce(apply, initialState(ME));
}

function expectWhole(client: ModelClient): void {
  const { state, world } = client;
  const truth = fresh(client);
  expect(Object.keys(state.conversations).sort()).toEqual(client.mine());
  expect(state.epoch).toBe(truth.epoch);
  expect(state.totalUnread).toBe(world.totalUnread(ME));
  for (const id of client.mine()) {
    expect(comparable(state.conversations[id])).toEqual(comparable(truth.conversations[id]));
    expect(state.positions[id]).toEqual(truth.positions[id]);
    const all = world.kept.get(id)?.messages ?? [];
    const thread = state.threads[id];
    if (!thread?.loaded) continue;
    expect(comparableMessages(thread.messages)).toEqual(comparableMessages(all.slice(all.length - thread.messages.length)));
    expect(thread.hasBefore).toBe(thread.messages.length < all.length);
  }
}

test('any history, whatever is lost on the way, ends as if everything were fetched anew', () => {
  fc.assert(
    fc.property(ops, (history) => {
      const client = begun();
      client.onStep = (event, before) => {
        expectSteps(event, before, client.state);
        expectShownOnce(client);
      };
      for (const next of history) run(client, next);
      client.settle();
      expectWhole(client);
    }),
    { numRuns: 1_000 },
  );
});

test('what is written is stored once, once everything gets through', () => {
  fc.assert(
    fc.property(ops, (history) => {
      const client = begun();
      for (const next of history) run(client, next);
      for (let rounds = 0; rounds < 100; rounds += 1) client.goElsewhere();
      client.settle();
      for (let rounds = 0; client.state.outbox.some(({ status }) => status === 'waiting') && rounds < 100; rounds += 1) {
        run(client, { do: 'go', by: 0, pick: 0 });
        run(client, { do: 'ack', by: 0, pick: 0 });
      }
      client.settle();
      expectShownOnce(client);
      expectWhole(client);
      for (const [clientId, { conversationId }] of client.written) {
        const stored = client.world.kept.get(conversationId)?.messages.filter((message) => message.clientId === clientId) ?? [];
        expect(stored.length).toBeLessThanOrEqual(1);
      }
      expect(client.state.outbox.filter(({ status }) => status !== 'failed')).toEqual([]);
    }),
    { numRuns: 600 },
  );
});
