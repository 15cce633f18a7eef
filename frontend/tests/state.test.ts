import { describe, expect, test } from 'vitest';

import { apply, initialState, type Message, type State, type StateEvent } from '../src/client';
import { catchup, conversation, ME, message, participant, read as readPayload, readyPayload, sender } from './make';

function after(...events: StateEvent[]): State {
  return events.reduce(apply, initialState(ME));
}

function ready(epoch = 'e1', totalUnread = 0): StateEvent {
  return { type: 'ready', payload: readyPayload({ epoch, totalUnread }) };
}

function known(more = {}): StateEvent {
  return { type: 'conversation_loaded', conversation: conversation(more) };
}

function received(seq: number, more: Partial<Message> = {}): StateEvent {
  return { type: 'message_received', payload: message(seq, more) };
}

function opened(items: Message[], more: { hasBefore?: boolean; hasAfter?: boolean } = {}): StateEvent[] {
  const page = { items, hasBefore: false, hasAfter: false, nextCursor: null, ...more };
  return [
    { type: 'page_requested', conversationId: 'c', mode: 'replace' },
    { type: 'page_loaded', conversationId: 'c', mode: 'replace', page },
  ];
}

function seqs(state: State): number[] {
  return state.threads['c']?.messages.map(({ seq }) => seq) ?? [];
}

describe('the log', () => {
  test('a message one step on joins the thread, the summary and the unread counts', () => {
    const state = after(known(), ...opened([]), received(1));
    expect(seqs(state)).toEqual([1]);
    expect(state.conversations['c']).toMatchObject({ seq: 1, unread: 1, lastMessage: { seq: 1 } });
    expect(state.totalUnread).toBe(1);
  });

  test('the same event again changes nothing', () => {
    const once = after(known(), ...opened([]), received(1));
    expect(apply(once, received(1))).toBe(once);
  });

  test('a message of my own is not unread', () => {
    const state = after(known(), received(1, { sender: sender(ME) }));
    expect(state.conversations['c']?.unread).toBe(0);
    expect(state.totalUnread).toBe(0);
  });

  test('a step too far waits, marks the conversation as behind, and is taken when the gap closes', () => {
    const behind = after(known(), ...opened([]), received(2));
    expect(seqs(behind)).toEqual([]);
    expect(behind.positions['c']).toMatchObject({ seq: 0, behind: true });
    const whole = apply(behind, received(1));
    expect(seqs(whole)).toEqual([1, 2]);
    expect(whole.positions['c']).toEqual({ seq: 2, ahead: [], behind: false });
  });

  test('a notification of a conversation without a held thread skips a gap, because it brings the whole', () => {
    const note = { conversationId: 'c', seq: 5, message: message(5), conversation: conversation({ seq: 5, unread: 3, lastMessage: message(5) }), totalUnread: 9 };
    const state = after(known(), { type: 'new_message_notification', payload: note });
    expect(state.positions['c']).toEqual({ seq: 5, ahead: [], behind: false });
    expect(state.conversations['c']?.unread).toBe(3);
  });

  test('a notification past a gap of a held thread shows in the list at once and in the thread after the catch-up', () => {
    const note = { conversationId: 'c', seq: 2, message: message(2), conversation: conversation({ seq: 2, unread: 2, lastMessage: message(2) }), totalUnread: 2 };
    const state = after(known(), ...opened([]), { type: 'new_message_notification', payload: note });
    expect(state.conversations['c']?.lastMessage?.seq).toBe(2);
    expect(seqs(state)).toEqual([]);
    expect(state.positions['c']?.behind).toBe(true);
  });

  test('an unknown conversation comes with its notification', () => {
    const note = { conversationId: 'c', seq: 1, message: message(1), conversation: conversation({ seq: 1, unread: 1 }), totalUnread: 1 };
    expect(after({ type: 'new_message_notification', payload: note }).conversations['c']?.unread).toBe(1);
  });

  test('an update that may be an edit of any message of a held thread asks for the log', () => {
    const update = { conversationId: 'c', seq: 3, conversation: conversation({ seq: 3, lastMessage: message(2) }), totalUnread: null };
    const state = after(known({ seq: 2, lastMessage: message(2) }), ...opened([message(1), message(2)]), { type: 'conversation_updated', payload: update });
    expect(state.positions['c']).toEqual({ seq: 2, ahead: [], behind: true });
  });

  test('a change of status explains itself and asks for nothing', () => {
    const update = { conversationId: 'c', seq: 1, conversation: conversation({ seq: 1, status: 'CLOSED' }), totalUnread: null };
    const state = after(known(), ...opened([]), { type: 'conversation_updated', payload: update });
    expect(state.conversations['c']?.status).toBe('CLOSED');
    expect(state.positions['c']).toEqual({ seq: 1, ahead: [], behind: false });
  });

  test('one’s own send from another device arrives as an update and joins the thread', () => {
    const mine = message(1, { sender: sender(ME) });
    const update = { conversationId: 'c', seq: 1, conversation: conversation({ seq: 1, lastMessage: mine }), totalUnread: null };
    expect(seqs(after(known(), ...opened([]), { type: 'conversation_updated', payload: update }))).toEqual([1]);
  });

  test('an edit changes the message in the thread and in the summary', () => {
    const edited = message(1, { updatedSeq: 2, content: 'better' });
    const state = after(known(), ...opened([]), received(1), { type: 'message_updated', payload: edited });
    expect(state.threads['c']?.messages[0]?.content).toBe('better');
    expect(state.conversations['c']).toMatchObject({ seq: 2, lastMessage: { content: 'better' } });
  });

  test('a deletion erases the text, keeps the place and takes the count that it brings', () => {
    const deletion = { conversationId: 'c', seq: 2, messageId: 'm1', messageSeq: 1, deletedBy: 'you', unread: 0, totalUnread: 0 };
    const state = after(known(), ...opened([]), received(1), { type: 'message_deleted', payload: deletion });
    expect(state.threads['c']?.messages[0]).toMatchObject({ content: '', seq: 1, updatedSeq: 2 });
    expect(state.threads['c']?.messages[0]?.deletedAt).not.toBeNull();
    expect(state.conversations['c']?.unread).toBe(0);
  });

  test('a page that was read after an edit is not undone by the edit’s older event', () => {
    const newest = message(1, { updatedSeq: 3, content: 'third' });
    const state = after(known({ seq: 1 }), ...opened([newest]), { type: 'message_updated', payload: message(1, { updatedSeq: 2, content: 'second' }) });
    expect(state.threads['c']?.messages[0]?.content).toBe('third');
  });

  test('an entry of a kind unknown here still takes its place', () => {
    const state = after(known(), ...opened([]), { type: 'log_read', conversationId: 'c', entries: [{ seq: 1, event: 'reaction_added', payload: {} }, { seq: 2, event: 'message_received', payload: message(2) }] });
    expect(state.positions['c']?.seq).toBe(2);
    expect(seqs(state)).toEqual([2]);
  });

  test('an event that does not exist changes nothing', () => {
    const state = after(known());
    expect(apply(state, { type: 'no_such_event' } as never)).toBe(state);
  });
});

describe('windows of a thread', () => {
  test('what happens while a page is on its way is applied to the page', () => {
    const deletion = { conversationId: 'c', seq: 3, messageId: 'm1', messageSeq: 1, deletedBy: 'you', unread: null, totalUnread: null };
    const state = after(
      known({ seq: 2 }),
      { type: 'page_requested', conversationId: 'c', mode: 'replace' },
      { type: 'message_deleted', payload: deletion },
      { type: 'page_loaded', conversationId: 'c', mode: 'replace', page: { items: [message(1), message(2)], hasBefore: false, hasAfter: false, nextCursor: null } },
    );
    expect(state.threads['c']?.messages[0]?.content).toBe('');
  });

  test('older pages go before, and the window says whether more are there', () => {
    const state = after(
      known({ seq: 4 }),
      ...opened([message(3), message(4)], { hasBefore: true }),
      { type: 'page_requested', conversationId: 'c', mode: 'before' },
      { type: 'page_loaded', conversationId: 'c', mode: 'before', page: { items: [message(1), message(2)], hasBefore: false, hasAfter: true, nextCursor: null } },
    );
    expect(seqs(state)).toEqual([1, 2, 3, 4]);
    expect(state.threads['c']).toMatchObject({ hasBefore: false, hasAfter: false });
  });

  test('a window in the past takes no news, which would leave a hole', () => {
    const state = after(known({ seq: 9 }), ...opened([message(1)], { hasAfter: true }), received(10));
    expect(seqs(state)).toEqual([1]);
    expect(state.positions['c']?.seq).toBe(10);
  });

  test('news that came while the last page was on its way close it without a hole', () => {
    const state = after(
      known({ seq: 2 }),
      ...opened([message(1)], { hasAfter: true }),
      { type: 'page_requested', conversationId: 'c', mode: 'after' },
      received(3),
      { type: 'page_loaded', conversationId: 'c', mode: 'after', page: { items: [message(2)], hasBefore: true, hasAfter: false, nextCursor: null } },
    );
    expect(seqs(state)).toEqual([1, 2, 3]);
  });

  test('a page that nobody waits for any more is dropped', () => {
    const page = { items: [message(1)], hasBefore: false, hasAfter: false, nextCursor: null };
    const state = after(known(), ...opened([]), { type: 'page_loaded', conversationId: 'c', mode: 'before', page });
    expect(seqs(state)).toEqual([]);
  });

  test('a failed page says why, and the next request forgets it', () => {
    const failed = after(known(), { type: 'page_requested', conversationId: 'c', mode: 'replace' }, { type: 'page_failed', conversationId: 'c', error: 'no answer' });
    expect(failed.threads['c']).toMatchObject({ error: 'no answer', loading: null });
    expect(apply(failed, { type: 'page_requested', conversationId: 'c', mode: 'replace' }).threads['c']?.error).toBeNull();
  });

  test('who leaves a thread keeps its newest messages, and nothing of a window in the past', () => {
    const long = after(known({ seq: 3 }), ...opened([message(1), message(2), message(3)]), { type: 'thread_left', conversationId: 'c', keep: 2 });
    expect(seqs(long)).toEqual([2, 3]);
    expect(long.threads['c']?.hasBefore).toBe(true);
    const past = after(known({ seq: 3 }), ...opened([message(1)], { hasAfter: true }), { type: 'thread_left', conversationId: 'c', keep: 2 });
    expect(past.threads['c']).toBeUndefined();
  });
});

describe('reading', () => {
  test('reading to the end empties the count at once, here and in the total', () => {
    const state = after(ready('e1', 7), known({ seq: 2, unread: 2, lastMessage: message(2) }), { type: 'read', conversationId: 'c', seq: 2 });
    expect(state.conversations['c']?.unread).toBe(0);
    expect(state.totalUnread).toBe(5);
  });

  test('reading a part waits for the server’s counts', () => {
    const state = after(ready('e1', 2), known({ seq: 2, unread: 2, lastMessage: message(2) }), { type: 'read', conversationId: 'c', seq: 1 });
    expect(state.conversations['c']?.unread).toBe(2);
    const confirmed = apply(state, { type: 'read_confirmed', conversationId: 'c', read: { readSeq: 1, unread: 1, totalUnread: 1 } });
    expect(confirmed.conversations['c']?.unread).toBe(1);
    expect(confirmed.totalUnread).toBe(1);
  });

  test('read marks never fall', () => {
    const read = (userId: string, readSeq: number): StateEvent => ({ type: 'message_read', payload: readPayload(userId, readSeq) });
    const state = after(known({ seq: 5 }), read('you', 4), read('you', 2));
    expect(state.conversations['c']?.participants[1]?.readSeq).toBe(4);
    const replaced = apply(state, known({ seq: 6, participants: [participant(ME), participant('you', 1)] }));
    expect(replaced.conversations['c']?.participants[1]?.readSeq).toBe(4);
  });

  test('my other device’s reading lowers the counts here', () => {
    const state = after(ready('e1', 3), known({ seq: 2, unread: 2 }), { type: 'message_read', payload: readPayload(ME, 2, { unread: 0, totalUnread: 1 }) });
    expect(state.conversations['c']?.unread).toBe(0);
    expect(state.totalUnread).toBe(1);
  });

  test('a catch-up that events have overtaken does not bring old counts back', () => {
    const state = after(known({ seq: 0 }), received(1), { type: 'caught_up', conversationId: 'c', after: 0, catchup: catchup() });
    expect(state.conversations['c']?.unread).toBe(1);
  });
});

describe('the total', () => {
  const page = (unread: number, nextCursor: string | null): StateEvent => ({
    type: 'list_loaded',
    page: { items: [conversation({ seq: 2, unread, lastMessage: message(2) })], nextCursor },
  });

  test('counts what is not loaded yet as elsewhere, and not twice when it is loaded', () => {
    expect(after(ready('e1', 7)).totalUnread).toBe(7);
    expect(after(ready('e1', 7), page(2, 'more'))).toMatchObject({ totalUnread: 7, elsewhere: 5 });
  });

  test('is the same whether the list or the connection comes first', () => {
    expect(after(page(2, 'more'), ready('e1', 7))).toMatchObject({ totalUnread: 7, elsewhere: 5 });
  });

  test('is what the lists show once all of them are loaded', () => {
    const listed = after(ready('e1', 7), page(2, null));
    expect(listed).toMatchObject({ totalUnread: 7, elsewhere: 5 });
    const archived: StateEvent = { type: 'list_loaded', page: { items: [], nextCursor: null }, archived: true };
    expect(apply(listed, archived)).toMatchObject({ totalUnread: 2, elsewhere: 0 });
  });

  test('follows my other device also where the conversation is not loaded', () => {
    const read: StateEvent = { type: 'message_read', payload: readPayload(ME, 9, { conversationId: 'other', unread: 0, totalUnread: 3 }) };
    expect(after(ready('e1', 7), page(2, 'more'), read)).toMatchObject({ totalUnread: 3, elsewhere: 1 });
  });

  test('grows with a conversation that was not known', () => {
    const note = { conversationId: 'c', seq: 1, message: message(1), conversation: conversation({ seq: 1, unread: 1 }), totalUnread: 8 };
    expect(after(ready('e1', 7), { type: 'new_message_notification', payload: note }).totalUnread).toBe(8);
  });

  test('a reconnect that says a total does not count what was missed twice', () => {
    const state = after(ready('e1', 2), page(2, null), ready('e1', 5), received(3));
    expect(state.totalUnread).toBe(3);
  });
});

describe('what is gone', () => {
  test('a deleted conversation is nowhere any more, and late events do not bring it back', () => {
    const state = after(ready('e1', 3), known({ seq: 1, unread: 2 }), { type: 'conversation_deleted', payload: { conversationId: 'c', seq: 2, deletedBy: 'you', totalUnread: null } }, received(3));
    expect(state.conversations).toEqual({});
    expect(state.positions).toEqual({});
    expect(state.gone['c']).toMatchObject({ reason: 'deleted', by: 'you' });
    expect(state.totalUnread).toBe(1);
    expect(apply(state, { type: 'list_loaded', page: { items: [conversation()], nextCursor: null } }).conversations).toEqual({});
  });

  test('one that was out of reach is back when it is told of again', () => {
    const away = after(known(), { type: 'caught_up', conversationId: 'c', after: 0, catchup: catchup({ events: null, gone: true }) });
    expect(away.gone['c']?.reason).toBe('unavailable');
    const back = apply(away, { type: 'conversation_created', payload: conversation({ seq: 4 }) });
    expect(back.gone).toEqual({});
    expect(back.conversations['c']?.seq).toBe(4);
  });

  test('another epoch forgets all but what is not sent yet', () => {
    const state = after(ready('e1'), known(), { type: 'send', clientId: 'x', conversationId: 'c', content: 'kept', at: '' }, ready('e2', 5));
    expect(state).toMatchObject({ epoch: 'e2', conversations: {}, totalUnread: 5, outbox: [{ content: 'kept' }] });
    expect(state.list.status).toBe('idle');
  });
});

describe('the outbox', () => {
  const send: StateEvent = { type: 'send', clientId: message(1).clientId, conversationId: 'c', content: 'hello', at: '2026-01-01T00:00:00.000Z' };
  const stored = message(1, { sender: sender(ME) });

  test('a message waits, is sent, and gives its place to the stored one', () => {
    const waiting = after(known(), ...opened([]), send);
    expect(waiting.outbox).toMatchObject([{ status: 'waiting', attempts: 0 }]);
    const sending = apply(waiting, { type: 'sending', clientId: stored.clientId });
    expect(sending.outbox).toMatchObject([{ status: 'sending', attempts: 1 }]);
    const confirmed = apply(sending, { type: 'confirmed', clientId: stored.clientId, message: stored });
    expect(confirmed.outbox).toEqual([]);
    expect(seqs(confirmed)).toEqual([1]);
  });

  test('the event may come before the ack, or the page before both', () => {
    expect(after(known(), ...opened([]), send, received(1, { sender: sender(ME) })).outbox).toEqual([]);
    expect(after(known({ seq: 1 }), send, ...opened([stored])).outbox).toEqual([]);
  });

  test('a stranger’s message under my clientId takes nothing from my outbox', () => {
    expect(after(known(), send, received(1)).outbox).toHaveLength(1);
  });

  test('stored behind a gap, it stays in sight as sent until the gap closes', () => {
    const later = message(2, { sender: sender(ME), clientId: stored.clientId });
    const state = after(known(), ...opened([]), send, { type: 'confirmed', clientId: stored.clientId, message: later });
    expect(state.outbox).toMatchObject([{ status: 'sent' }]);
    expect(apply(state, received(1)).outbox).toEqual([]);
  });

  test('a refused one says why, and can be tried again or thrown away', () => {
    const failed = after(known(), send, { type: 'failed', clientId: stored.clientId, error: { code: 'conversation_closed', message: 'it is closed' } });
    expect(failed.outbox).toMatchObject([{ status: 'failed', error: { code: 'conversation_closed' } }]);
    expect(apply(failed, { type: 'retry', clientId: stored.clientId }).outbox).toMatchObject([{ status: 'waiting', error: null }]);
    expect(apply(failed, { type: 'discard', clientId: stored.clientId }).outbox).toEqual([]);
  });

  test('the same send twice is one', () => {
    expect(after(known(), send, send).outbox).toHaveLength(1);
  });

  test('what a reload brings back stands before what was written since', () => {
    const [old] = after(known(), send).outbox;
    const since: StateEvent = { ...send, clientId: 'since' };
    const state = after(known(), since, { type: 'outbox_restored', outbox: old ? [old] : [] });
    expect(state.outbox.map(({ clientId }) => clientId)).toEqual([stored.clientId, 'since']);
  });
});

describe('typing', () => {
  const typing = (userId: string): StateEvent => ({ type: 'user_typing', payload: { conversationId: 'c', userId, name: userId, activity: 'typing' } });

  test('who types is listed once, and not oneself', () => {
    expect(after(typing('you'), typing('you'), typing(ME)).typing['c']).toEqual([{ userId: 'you', name: 'you', activity: 'typing' }]);
  });

  test('it ends with a stop, with the message, and with the connection', () => {
    const state = after(known(), typing('you'));
    expect(apply(state, { type: 'user_stopped_typing', payload: { conversationId: 'c', userId: 'you', name: null, activity: 'typing' } }).typing['c']).toEqual([]);
    expect(apply(state, received(1)).typing['c']).toEqual([]);
    expect(apply(state, { type: 'connection', status: 'reconnecting' }).typing).toEqual({});
  });
});
