/**
 * `apply(state, event) → state`: pure and total. Every change of what the client knows goes through it, the server's
 * events and one's own doing alike; an event that makes no sense leaves the state as it is.
 */

import { found, isOver, listLoaded, remove, removed, restoredAccess } from './access';
import { recounted, setUnread, tellTotal } from './counts';
import type { StateEvent } from './happenings';
import { keep, kept, toldPersonal } from './keeping';
import { advance, arrived, settle, stepOf, stepOfEntry } from './log';
import { markedDelivered, markedRead, marksOfCatchup, readConfirmed, readHere } from './marks';
import { initialState, type ListState, type Outgoing, type State, type Thread } from './model';
import { confirmed, onOutgoing, restored, send, told, uploadFailed, uploadReady } from './outgoing';
import { onThread, without, withThread } from './parts';
import { reacted, reacting } from './reacting';
import { isSound } from './sound';
import { cut, EMPTY_THREAD, failPage, mergePage, requestPage, takeNewer, trim } from './thread';
import type { Catchup, LogEntry, MessagePage, Presence, Ready, UserTyping } from './wire';

export function apply(state: State, event: StateEvent): State {
  if ('payload' in event && !isSound(event.type, event.payload)) return state;
  return recounted(state, change(state, event));
}

function change(state: State, event: StateEvent): State {
  switch (event.type) {
    case 'ready':
      return greeted(state, event.payload);
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
    case 'participant_removed':
      return removed(state, event.payload);
    case 'message_read':
      return markedRead(state, event.payload);
    case 'message_delivered':
      return markedDelivered(state, event.payload);
    case 'personal_changed':
      return toldPersonal(state, event.payload.conversationId, event.payload.personal);
    case 'presence_changed':
      return { ...state, presence: { ...state.presence, [event.payload.userId]: event.payload } };
    case 'presences':
      return { ...state, presence: presencesOf(event.presences) };
    case 'settings_changed':
      return { ...state, settings: event.payload };
    case 'settings':
      return { ...state, settings: event.settings };
    case 'user_typing':
      return typing(state, event.payload);
    case 'user_stopped_typing':
      return stoppedTyping(state, event.payload);
    case 'identified':
      return state.me === event.userId ? state : { ...state, me: event.userId };
    case 'clock':
      return { ...state, aheadMs: event.aheadMs };
    case 'connection':
      return connection(state, event.status, event.reason ?? null);
    case 'list_requested':
      return onList(state, event.archived, { status: 'loading', error: null });
    case 'list_loaded':
      return listLoaded(state, event.page, event.archived ?? false);
    case 'list_failed':
      return onList(state, event.archived, { status: 'failed', error: event.error });
    case 'conversations_found':
      return event.conversations.reduce((now, conversation) => found(now, conversation), state);
    case 'conversation_loaded':
      return found(state, event.conversation, event.anew ?? false);
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
    case 'thread_cut':
      return onThread(state, event.conversationId, (thread) => cut(thread, event.seq));
    case 'log_read':
      return settle(readLog(state, event.conversationId, event.entries), event.conversationId);
    case 'caught_up':
      return caughtUp(state, event.conversationId, event.after, event.catchup);
    case 'restarted':
      return ofEpoch(state, event.epoch, event.totalUnread);
    case 'resumed':
      return resumed(event.others.reduce((now, conversation) => found(now, conversation), state), event.elsewhere);
    case 'read':
      return readHere(state, event.conversationId, event.seq);
    case 'read_confirmed':
      return readConfirmed(state, event.conversationId, event.read);
    case 'send':
      return send(state, event);
    case 'sending':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'sending', attempts: out.attempts + 1, error: null }));
    case 'unanswered':
      return onOutgoing(state, event.clientId, (out) => ({ ...out, status: 'waiting', error: event.error ?? null }));
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
    case 'outbox_told':
      return told(state, event.outgoing);
    case 'outbox_saved':
      return onOutgoing(state, event.clientId, (out) => (out.saving ? { ...out, saving: false } : out));
    case 'unkept':
      return state.unkept === 'all' || state.unkept === event.what ? state : { ...state, unkept: event.what };
    case 'upload_ready':
      return uploadReady(state, event.uploadId, event.attachment);
    case 'upload_failed':
      return uploadFailed(state, event.uploadId, event.error);
    case 'reacting':
      return reacting(state, event);
    case 'reacted':
      return reacted(state, event.messageId, event.emoji, event.message);
    case 'delete_requested': {
      const { conversationId, messageId, dueAt } = event;
      return { ...state, deleting: { ...state.deleting, [messageId]: { conversationId, dueAt } } };
    }
    case 'delete_settled': {
      const { messageId, message } = event;
      const settled = { ...state, deleting: without(state.deleting, messageId) };
      return message === null ? settled : onThread(settled, message.conversationId, (thread) => takeNewer(thread, message));
    }
    case 'keeping':
      return keep(state, event.conversationId, event.token, event.at, event.change);
    case 'kept':
      return kept(state, event.conversationId, event.token, event.personal);
    default:
      return state;
  }
}

function greeted(state: State, { userId, epoch, limits, settings, totalUnread }: Ready): State {
  return ofEpoch({ ...state, me: userId, limits, settings }, epoch, totalUnread);
}

/**
 * Another epoch is another store: of the old one only the connection and what is not sent yet are worth keeping. What was
 * sent and not seen in the log may not be in this one: it is sent again, by whoever still holds it.
 */
function ofEpoch(state: State, epoch: string, totalUnread: number): State {
  if (state.epoch === epoch) return state;
  if (state.epoch === null) return tellTotal({ ...state, epoch }, totalUnread);
  const { me, connection, limits, settings, aheadMs, unkept } = state;
  const outbox = state.outbox.map((out): Outgoing => (out.status === 'sent' ? { ...out, status: 'waiting', tab: null } : out));
  return { ...initialState(me), connection, limits, settings, aheadMs, outbox, unkept, epoch, elsewhere: totalUnread };
}

function resumed(state: State, elsewhere: number | null): State {
  return elsewhere === null || elsewhere === state.elsewhere ? state : { ...state, elsewhere };
}

type Logged = 'message_received' | 'new_message_notification' | 'conversation_created' | 'conversation_updated' | 'message_updated' | 'message_deleted';

function logged(state: State, name: Logged, payload: Parameters<typeof stepOf>[1]): State {
  const step = stepOf(name, payload);
  return isOver(state, step.conversationId, step.seq) ? state : advance(restoredAccess(state, step.whole), step);
}

function typing(state: State, { conversationId, userId, name, activity }: UserTyping): State {
  const typists = state.typing[conversationId] ?? [];
  const typist = { userId, name, activity };
  const index = typists.findIndex((other) => other.userId === userId);
  if (userId === state.me || typists[index]?.activity === activity) return state;
  const next = index === -1 ? [...typists, typist] : typists.with(index, typist);
  return { ...state, typing: { ...state.typing, [conversationId]: next } };
}

function stoppedTyping(state: State, { conversationId, userId }: UserTyping): State {
  const typists = state.typing[conversationId];
  if (!typists?.some((typist) => typist.userId === userId)) return state;
  return { ...state, typing: { ...state.typing, [conversationId]: typists.filter((typist) => typist.userId !== userId) } };
}

function onList(state: State, archived: boolean | undefined, change: Partial<ListState>): State {
  return archived ? { ...state, archive: { ...state.archive, ...change } } : { ...state, list: { ...state.list, ...change } };
}

function presencesOf(presences: readonly Presence[]): Record<string, Presence> {
  return Object.fromEntries(presences.map((presence) => [presence.userId, presence]));
}

/** Who typed and who was there when the line went quiet is not known any more. */
function connection(state: State, status: State['connection']['status'], reason: string | null): State {
  if (state.connection.status === status && state.connection.reason === reason) return state;
  const known = status === 'online' ? {} : { typing: {}, presence: {} };
  return { ...state, connection: { status, reason }, ...known };
}

function threadOf(state: State, conversationId: string): Thread {
  return state.threads[conversationId] ?? EMPTY_THREAD;
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
  const marked = toldPersonal(marksOfCatchup(read, id, catchup), id, catchup.personal);
  const asOf = entries.at(-1)?.seq ?? after;
  return marked.conversations[id]?.seq === asOf ? setUnread(marked, id, catchup.unread) : marked;
}
