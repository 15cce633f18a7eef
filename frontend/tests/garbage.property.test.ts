/** Whatever comes over the network under the name of an event: the page stands, and nothing that makes no sense is kept. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { apply, initialState, type State, type StateEvent } from '../src/client';
import { catchup, conversation, ME, message, NOTHING_PERSONAL, read, readyPayload } from './make';

const GOOD: Record<string, object> = {
  ready: readyPayload(),
  message_received: message(3, { replyTo: { messageId: 'm1', seq: 1, sender: { id: 'you', name: null }, type: 'TEXT', content: 'x', deleted: false } }),
  message_updated: message(2, { updatedSeq: 3, reactions: [{ emoji: '👍', count: 1, users: [{ id: 'you', name: 'you' }] }] }),
  message_deleted: { conversationId: 'c', seq: 3, messageId: 'm1', messageSeq: 1, deletedBy: 'you', unread: 0, totalUnread: 0 },
  new_message_notification: { conversationId: 'c', seq: 3, message: message(3), conversation: conversation({ seq: 3, lastMessage: message(3) }), totalUnread: 1 },
  conversation_created: conversation({ id: 'd' }),
  conversation_updated: { conversationId: 'c', seq: 3, conversation: conversation({ seq: 3, title: 'x' }), totalUnread: null },
  conversation_deleted: { conversationId: 'c', seq: 3, deletedBy: 'you', totalUnread: 0 },
  message_read: read('you', 2),
  message_delivered: { conversationId: 'c', userId: 'you', deliveredSeq: 2, deliveredAt: '2026-01-01T00:00:00.000Z' },
  participant_removed: { conversationId: 'c', seq: 3, userId: ME, removedBy: 'you', totalUnread: 0 },
  personal_changed: { conversationId: 'c', personal: { ...NOTHING_PERSONAL, archived: true } },
  presence_changed: { userId: 'you', status: 'online', lastSeenAt: null },
  settings_changed: { sharePresence: false, sendReadReceipts: false },
  user_typing: { conversationId: 'c', userId: 'you', name: null, activity: 'typing' },
  user_stopped_typing: { conversationId: 'c', userId: 'you', name: null, activity: 'typing' },
};

const name = fc.constantFrom(...Object.keys(GOOD));
const nothing = fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, maxDepth: 3 });

function before(): State {
  const page = { items: [message(1), message(2)], hasBefore: false, hasAfter: false, nextCursor: null };
  const events: StateEvent[] = [
    { type: 'ready', payload: readyPayload() },
    { type: 'conversation_loaded', conversation: conversation({ seq: 2, lastMessage: message(2) }) },
    { type: 'page_requested', conversationId: 'c', mode: 'replace' },
    { type: 'page_loaded', conversationId: 'c', mode: 'replace', page },
    { type: 'user_typing', payload: { conversationId: 'c', userId: 'you', name: null, activity: 'typing' } },
  ];
  return events.reduce(apply, initialState(ME));
}

/** A good payload of which one part, at any depth, is another thing or missing. */
function spoilt(payload: object, path: readonly number[], value: unknown): object {
  const copy = structuredClone(payload) as Record<string, unknown>;
  let at = copy;
  for (const step of path) {
    const keys = Object.keys(at);
    const key = keys[step % Math.max(1, keys.length)] ?? 'x';
    const inner = at[key];
    if (typeof inner !== 'object' || inner === null || step % 3 === 0) {
      at[key] = value;
      return copy;
    }
    at = inner as Record<string, unknown>;
  }
  return copy;
}

test('every good event is understood', () => {
  for (const [type, payload] of Object.entries(GOOD)) {
    if (type === 'user_typing' || type === 'ready') continue;
    const state = before();
    expect(apply(state, { type, payload } as StateEvent), type).not.toBe(state);
  }
});

test('anything at all under the name of an event does not throw', () => {
  fc.assert(
    fc.property(name, nothing, (type, payload) => {
      apply(before(), { type, payload } as StateEvent);
    }),
    { numRuns: 3_000 },
  );
});

test('a spoilt event does not throw, nor does what comes after it', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.array(fc.nat({ max: 30 }), { maxLength: 5 }), nothing), { maxLength: 4 }), (spoils) => {
      const state = spoils.reduce((now, [type, path, value]) => apply(now, { type, payload: spoilt(GOOD[type] ?? {}, path, value) } as StateEvent), before());
      Object.entries(GOOD).reduce((now, [type, payload]) => apply(now, { type, payload } as StateEvent), state);
    }),
    { numRuns: 3_000 },
  );
});

test('spoilt entries of a log take their places and do not throw', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(name, fc.string()), nothing), { maxLength: 5 }), (entries) => {
      const events = entries.map(([event, payload], index) => ({ seq: 3 + index, event, payload }));
      const state = apply(before(), { type: 'caught_up', conversationId: 'c', after: 2, catchup: catchup({ events }) });
      expect(state.positions['c']).toEqual({ seq: 2 + entries.length, ahead: [], behind: false });
    }),
    { numRuns: 2_000 },
  );
});
