/**
 * `apply(state, event) → state`: pure and total. Every change of what the client knows goes through it, the server's
 * events and one's own doing alike; an event that makes no sense leaves the state as it is.
 */

import { recounted, tellTotal } from './counts';
import { advance, adopt, arrived, readSeqOf, setUnread, settle, stepOf, stepOfEntry, withConversation } from './log';
import { initialState, type GoneReason, type Outgoing, type State, type StateEvent, type Thread } from './model';
import { EMPTY_THREAD, failPage, mergePage, requestPage, trim } from './thread';
import type {
  Catchup,
  Conversation,
  ConversationPage,
  LogEntry,
  Message,
  MessagePage,
  MessageRead,
  ReadState,
  UserTyping,
} from './wire';

export function apply(state: State, event: StateEvent): State {
  return recounted(state, change(state, event));
}

function change(state: State, event: StateEvent): State {
  switch (event.type) {
    case 'ready':
      return ofEpoch({ ...state, me: event.payload.userId }, event.payload.epoch, event.payload.totalUnread);
    case 'message_received':
    case 'new_message_notification':
    case 'conversation_created':
    case 'conversation_updated':
    case 'message_updated':
    case 'message_deleted':
      return logged(state, event.type, event.payload);
    case 'conversation_deleted': {
      const { conversationId, deletedBy } = event.payload;
      return remove(state, conversationId, 'deleted', deletedBy);
    }
    case 'message_read':
      return markedRead(state, event.payload);
    case 'user_typing':
      return typing(state, event.payload);
    case 'user_stopped_typing':
      return stoppedTyping(state, event.payload);
    case 'identified':
      return state.me === event.userId ? state : { ...state, me: event.userId };
    case 'connection':
      return connection(state, event.status, event.reason ?? null);
    case 'list_requested':
      return { ...state, list: { ...state.list, status: 'loading', error: null } };
    case 'list_loaded':
      return listLoaded(state, event.page);
    case 'list_failed':
      return { ...state, list: { ...state.list, status: 'failed', error: event.error } };
    case 'conversations_found':
      return event.conversations.reduce(found, state);
    case 'conversation_loaded':
      return conversationLoaded(state, event.conversation, event.anew ?? false);
    case 'conversation_unavailable':
      return remove(state, event.conversationId, 'unavailable', null);
    case 'page_requested':
      return withThread(state, event.conversationId, requestPage(threadOf(state, event.conversationId), event.mode));
    case 'page_loaded':
      return pageLoaded(state, event.conversationId, event.mode, event.page);
    case 'page_failed':
      return onThread(state, event.conversationId, (thread) => failPage(thread, event.error));
    case 'page_forgiven':
      return onThread(state, event.conversationId, (thread) => (thread.error === null ? thread : { ...thread, error: null }));
    case 'thread_left':
      return threadLeft(state, event.conversationId, event.keep);
    case 'log_read':
      return settle(readLog(state, event.conversationId, event.entries), event.conversationId);
    case 'caught_up':
      return caughtUp(state, event.conversationId, event.after, event.catchup);
    case 'restarted':
      return ofEpoch(state, event.epoch, event.totalUnread);
    case 'resumed':
      return resumed(event.others.reduce(found, state), event.elsewhere);
    case 'read':
      return readHere(state, event.conversationId, event.seq);
    case 'read_confirmed':
      return readConfirmed(state, event.conversationId, event.read);
    case 'send':
      return send(state, event);
    case 'sending':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'sending', attempts: out.attempts + 1 }));
    case 'unanswered':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'waiting' }));
    case 'confirmed':
      return confirmed(state, event.clientId, event.message);
    case 'failed':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'failed', error: event.error }));
    case 'retry':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'waiting', attempts: 0, error: null }));
    case 'discard':
      return { ...state, outbox: state.outbox.filter((out) => out.clientId !== event.clientId) };
    case 'outbox_restored':
      return restored(state, event.outbox);
    default:
      return state;
  }
}

/** Another epoch is another store: of the old one only the connection and what is not sent yet are worth keeping. */
function ofEpoch(state: State, epoch: string, totalUnread: number): State {
  if (state.epoch === epoch) return state;
  if (state.epoch === null) return tellTotal({ ...state, epoch }, totalUnread);
  const { me, connection, outbox } = state;
  return { ...initialState(me), connection, outbox, epoch, elsewhere: totalUnread };
}

function resumed(state: State, elsewhere: number | null): State {
  return elsewhere === null || elsewhere === state.elsewhere ? state : { ...state, elsewhere };
}

type Logged = 'message_received' | 'new_message_notification' | 'conversation_created' | 'conversation_updated' | 'message_updated' | 'message_deleted';

function logged(state: State, name: Logged, payload: Parameters<typeof stepOf>[1]): State {
  const step = stepOf(name, payload);
  return isDeleted(state, step.conversationId) ? state : advance(restoredAccess(state, step.whole), step);
}

function isDeleted(state: State, conversationId: string): boolean {
  return state.gone[conversationId]?.reason === 'deleted';
}

/** A conversation that was out of reach and is told of again is within reach again. */
function restoredAccess(state: State, whole: Conversation | null): State {
  if (whole === null || state.gone[whole.id] === undefined) return state;
  const { [whole.id]: _, ...gone } = state.gone;
  return { ...state, gone };
}

function remove(state: State, id: string, reason: GoneReason, by: string | null): State {
  const { [id]: _conversation, ...conversations } = state.conversations;
  const { [id]: _position, ...positions } = state.positions;
  const { [id]: _thread, ...threads } = state.threads;
  const { [id]: _typing, ...typing } = state.typing;
  return {
    ...state,
    conversations,
    positions,
    threads,
    typing,
    outbox: state.outbox.filter((out) => out.conversationId !== id),
    gone: { ...state.gone, [id]: isDeleted(state, id) ? { reason: 'deleted', by: by ?? state.gone[id]?.by ?? null } : { reason, by } },
  };
}

function found(state: State, conversation: Conversation): State {
  return isDeleted(state, conversation.id) ? state : adopt(restoredAccess(state, conversation), conversation);
}

function listLoaded(state: State, page: ConversationPage): State {
  const known = page.items.reduce(found, state);
  return { ...known, list: { status: 'loaded', cursor: page.nextCursor, error: null } };
}

function conversationLoaded(state: State, conversation: Conversation, anew: boolean): State {
  if (isDeleted(state, conversation.id)) return state;
  return adopt(restoredAccess(state, conversation), conversation, anew);
}

function markedRead(state: State, read: MessageRead): State {
  const marked = raiseReadSeq(state, read.conversationId, read.userId, read.readSeq);
  if (read.userId !== state.me) return marked;
  if (marked.conversations[read.conversationId] !== undefined) {
    return typeof read.unread === 'number' ? setUnread(marked, read.conversationId, read.unread) : marked;
  }
  return typeof read.totalUnread === 'number' ? tellTotal(marked, read.totalUnread) : marked;
}

function raiseReadSeq(state: State, conversationId: string, userId: string | null, readSeq: number): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined || readSeqOf(conversation, userId) >= readSeq) return state;
  const participants = conversation.participants.map((participant) =>
    participant.userId === userId ? { ...participant, readSeq } : participant,
  );
  return withConversation(state, { ...conversation, participants });
}

function readHere(state: State, conversationId: string, seq: number): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined) return state;
  const marked = raiseReadSeq(state, conversationId, state.me, seq);
  const last = conversation.lastMessage?.seq ?? 0;
  return seq >= last ? setUnread(marked, conversationId, 0) : marked;
}

function readConfirmed(state: State, conversationId: string, read: ReadState): State {
  const marked = raiseReadSeq(state, conversationId, state.me, read.readSeq);
  return setUnread(marked, conversationId, read.unread);
}

function typing(state: State, { conversationId, userId, name }: UserTyping): State {
  const typists = state.typing[conversationId] ?? [];
  if (userId === state.me || typists.some((typist) => typist.userId === userId)) return state;
  return { ...state, typing: { ...state.typing, [conversationId]: [...typists, { userId, name }] } };
}

function stoppedTyping(state: State, { conversationId, userId }: UserTyping): State {
  const typists = state.typing[conversationId];
  if (!typists?.some((typist) => typist.userId === userId)) return state;
  return { ...state, typing: { ...state.typing, [conversationId]: typists.filter((typist) => typist.userId !== userId) } };
}

/** Who was typing when the line went quiet is not known any more. */
function connection(state: State, status: State['connection']['status'], reason: string | null): State {
  if (state.connection.status === status && state.connection.reason === reason) return state;
  const typing = status === 'online' ? state.typing : {};
  return { ...state, connection: { status, reason }, typing };
}

function threadOf(state: State, conversationId: string): Thread {
  return state.threads[conversationId] ?? EMPTY_THREAD;
}

function withThread(state: State, conversationId: string, thread: Thread): State {
  return { ...state, threads: { ...state.threads, [conversationId]: thread } };
}

function onThread(state: State, conversationId: string, change: (thread: Thread) => Thread): State {
  const thread = state.threads[conversationId];
  const next = thread && change(thread);
  return next === undefined || next === thread ? state : withThread(state, conversationId, next);
}

/** A window that ends in the past is of no use to who comes back. */
function threadLeft(state: State, conversationId: string, keep: number): State {
  const { [conversationId]: thread, ...threads } = state.threads;
  if (thread?.hasAfter) return { ...state, threads };
  return onThread(state, conversationId, (left) => trim(left, keep));
}

function pageLoaded(state: State, conversationId: string, mode: Parameters<typeof mergePage>[1], page: MessagePage): State {
  const merged = onThread(state, conversationId, (thread) => mergePage(thread, mode, page));
  return merged === state ? state : page.items.reduce(arrived, merged);
}

function readLog(state: State, conversationId: string, entries: readonly LogEntry[]): State {
  return entries.reduce((current, entry) => advance(current, stepOfEntry(conversationId, entry)), state);
}

/** Counts in an answer are as old as its last entry; where events overtook it, theirs stand. */
function caughtUp(state: State, id: string, after: number, catchup: Catchup): State {
  if (catchup.gone) return remove(state, id, 'unavailable', null);
  const entries = catchup.events ?? [];
  const read = settle(readLog(state, id, entries), id);
  const marked = Object.entries(catchup.reads).reduce((current, [userId, seq]) => raiseReadSeq(current, id, userId, seq), read);
  const asOf = entries.at(-1)?.seq ?? after;
  return marked.conversations[id]?.seq === asOf ? setUnread(marked, id, catchup.unread) : marked;
}

function send(state: State, event: Extract<StateEvent, { type: 'send' }>): State {
  if (state.outbox.some((out) => out.clientId === event.clientId)) return state;
  const { clientId, conversationId, content, at } = event;
  const outgoing: Outgoing = { clientId, conversationId, content, createdAt: at, status: 'waiting', attempts: 0, error: null };
  return { ...state, outbox: [...state.outbox, outgoing] };
}

function onOutgoing(state: State, clientId: string, change: (outgoing: Outgoing) => Outgoing): State {
  if (!state.outbox.some((out) => out.clientId === clientId && out.status !== 'sent')) return state;
  return { ...state, outbox: state.outbox.map((out) => (out.clientId === clientId ? change(out) : out)) };
}

/** Stored. It leaves the outbox when it stands in the log; if a gap is before it, it waits there as sent. */
function confirmed(state: State, clientId: string, message: Message): State {
  const stored = advance(state, stepOf('message_received', message));
  const held = stored.positions[message.conversationId];
  if (held === undefined || held.seq >= message.seq || stored.threads[message.conversationId] === undefined) {
    return { ...stored, outbox: stored.outbox.filter((out) => out.clientId !== clientId) };
  }
  return onOutgoing(stored, clientId, (out) => ({ ...out, status: 'sent' }));
}

function restored(state: State, outbox: readonly Outgoing[]): State {
  const known = new Set(state.outbox.map((out) => out.clientId));
  const waiting = outbox.filter((out) => !known.has(out.clientId));
  return { ...state, outbox: [...waiting, ...state.outbox] };
}
