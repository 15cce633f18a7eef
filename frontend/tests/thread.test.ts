/** A thread of any length: the window that is held of it, and the quotes in it. */

import { describe, expect, test } from 'vitest';

import { apply, initialState, MAX_HELD, quoteOf, type Message, type State, type StateEvent } from '../src/client';
import { conversation, ME, message, outgoing } from './make';

function range(from: number, to: number): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

function after(...events: StateEvent[]): State {
  return events.reduce(apply, initialState(ME));
}

function page(mode: 'replace' | 'before' | 'after', items: Message[], hasBefore: boolean, hasAfter: boolean): StateEvent[] {
  return [
    { type: 'page_requested', conversationId: 'c', mode },
    { type: 'page_loaded', conversationId: 'c', mode, page: { items, hasBefore, hasAfter, nextCursor: null } },
  ];
}

const known: StateEvent = { type: 'conversation_loaded', conversation: conversation({ seq: 100_000 }) };

function held(state: State): { first: number | undefined; last: number | undefined; length: number; hasBefore: boolean | undefined; hasAfter: boolean | undefined } {
  const thread = state.threads['c'];
  return { first: thread?.messages[0]?.seq, last: thread?.messages.at(-1)?.seq, length: thread?.messages.length ?? 0, hasBefore: thread?.hasBefore, hasAfter: thread?.hasAfter };
}

/** A thread that holds 900 messages, because 300 came while it was open. */
function grown(): State {
  const opened = after({ type: 'conversation_loaded', conversation: conversation({ seq: 600 }) }, ...page('replace', range(1, 600), false, false));
  return range(601, 900).reduce((state, payload) => apply(state, { type: 'message_received', payload }), opened);
}

describe('a window', () => {
  test('drops the end while one pages back, and says that there is more', () => {
    const state = after(known, ...page('replace', range(99_401, 100_000), true, false), ...page('before', range(99_351, 99_400), true, true));
    expect(held(state)).toEqual({ first: 99_351, last: 99_950, length: MAX_HELD, hasBefore: true, hasAfter: true });
  });

  test('drops the start while one pages on', () => {
    const state = after(known, ...page('replace', range(1, 600), false, true), ...page('after', range(601, 650), true, true));
    expect(held(state)).toEqual({ first: 51, last: 650, length: MAX_HELD, hasBefore: true, hasAfter: true });
  });

  test('that lost its end takes no news, and finds them again by paging on', () => {
    const back = after(known, ...page('replace', range(99_401, 100_000), true, false), ...page('before', range(99_351, 99_400), true, true));
    const news = apply(back, { type: 'message_received', payload: message(100_001) });
    expect(held(news).last).toBe(99_950);
    expect(news.conversations['c']?.lastMessage?.seq).toBe(100_001);
    const on = page('after', range(99_951, 100_001), true, false).reduce(apply, news);
    expect(held(on)).toMatchObject({ last: 100_001, hasAfter: false });
  });

  test('is cut around what one looks at, or to its end', () => {
    const long = grown();
    expect(held(apply(long, { type: 'thread_cut', conversationId: 'c', seq: null }))).toEqual({ first: 301, last: 900, length: 600, hasBefore: true, hasAfter: false });
    expect(held(apply(long, { type: 'thread_cut', conversationId: 'c', seq: 20 }))).toEqual({ first: 1, last: 600, length: 600, hasBefore: false, hasAfter: true });
    expect(held(apply(long, { type: 'thread_cut', conversationId: 'c', seq: 450 }))).toMatchObject({ first: 150, last: 749 });
  });

  test('is not cut while a page is on its way, which would leave a hole', () => {
    const waiting = apply(grown(), { type: 'page_requested', conversationId: 'c', mode: 'before' });
    expect(apply(waiting, { type: 'thread_cut', conversationId: 'c', seq: null }).threads['c']?.messages).toHaveLength(900);
  });

  test('is the same list of the same messages where nothing changes', () => {
    const state = after(known, ...page('replace', range(1, 3), false, false));
    const { messages } = state.threads['c'] ?? {};
    const read: StateEvent = { type: 'read', conversationId: 'c', seq: 2 };
    expect(apply(state, read).threads['c']?.messages).toBe(messages);
    expect(apply(state, { type: 'message_updated', payload: message(2, { content: 'old news' }) }).threads['c']?.messages).toBe(messages);
    const changed = apply(state, { type: 'message_updated', payload: message(2, { updatedSeq: 100_001 }) }).threads['c']?.messages;
    expect(changed?.[0]).toBe(messages?.[0]);
    expect(changed?.[1]).not.toBe(messages?.[1]);
  });
});

describe('quotes', () => {
  const first = message(1, { content: 'the price is 12' });
  const answer = message(2, { replyTo: quoteOf(first) });
  const start: StateEvent[] = [
    { type: 'conversation_loaded', conversation: conversation({ seq: 2, lastMessage: answer }) },
    ...page('replace', [first, answer], false, false),
    { type: 'outbox_restored', outbox: [outgoing({ replyTo: quoteOf(first) })] },
  ];

  test('follow an edit, in the thread, in the list and in what waits to be sent', () => {
    const state = after(...start, { type: 'message_updated', payload: { ...first, updatedSeq: 3, content: 'the price is 13' } });
    expect(state.threads['c']?.messages[1]?.replyTo?.content).toBe('the price is 13');
    expect(state.conversations['c']?.lastMessage?.replyTo?.content).toBe('the price is 13');
    expect(state.outbox[0]?.replyTo?.content).toBe('the price is 13');
  });

  test('are empty once what they quote is deleted', () => {
    const deletion = { conversationId: 'c', seq: 3, messageId: 'm1', messageSeq: 1, deletedBy: 'you', unread: null, totalUnread: null };
    const state = after(...start, { type: 'message_deleted', payload: deletion });
    expect(state.threads['c']?.messages[1]?.replyTo).toMatchObject({ content: '', deleted: true });
  });

  test('are left alone by a reaction to what they quote', () => {
    const state = after(...start);
    const reacted = apply(state, { type: 'message_updated', payload: { ...first, updatedSeq: 3, reactions: [{ emoji: '👍', count: 1, users: [{ id: 'you', name: null }] }] } });
    expect(reacted.threads['c']?.messages[1]).toBe(state.threads['c']?.messages[1]);
  });

  test('hold the beginning, counted as people count', () => {
    expect(quoteOf(message(1, { content: '👍'.repeat(300) })).content).toBe('👍'.repeat(200));
  });

  test('of a deleted message are gone with it, and so is all that it carried', () => {
    const deletion = { conversationId: 'c', seq: 3, messageId: 'm2', messageSeq: 2, deletedBy: 'you', unread: null, totalUnread: null };
    const carrying = { ...answer, mentions: ['you'], forwarded: true };
    const events: StateEvent[] = [{ type: 'conversation_loaded', conversation: conversation({ seq: 2 }) }, ...page('replace', [carrying], false, false)];
    const state = after(...events, { type: 'message_deleted', payload: deletion });
    expect(state.threads['c']?.messages[0]).toMatchObject({ replyTo: null, mentions: [], forwarded: false, attachments: [], reactions: [] });
  });
});
