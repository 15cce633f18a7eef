/** Which conversations there are: found, listed, and gone. What is told of a conversation after its end is of before it. */

import { tellTotal } from './counts';
import { adopt } from './log';
import type { GoneReason, State } from './model';
import { without } from './parts';
import type { Conversation, ConversationPage, ParticipantRemoved } from './wire';

/** Over for good, or told of a time when one still took part. */
export function isOver(state: State, conversationId: string, seq: number): boolean {
  const gone = state.gone[conversationId];
  return gone?.reason === 'deleted' || (gone !== undefined && seq <= gone.seq && gone.seq > 0);
}

/** A conversation that was out of reach and is told of again is within reach again. */
export function restoredAccess(state: State, whole: Conversation | null): State {
  return whole === null || state.gone[whole.id] === undefined ? state : { ...state, gone: without(state.gone, whole.id) };
}

export function found(state: State, conversation: Conversation, anew = false): State {
  if (isOver(state, conversation.id, conversation.seq)) return state;
  return adopt(restoredAccess(state, conversation), conversation, anew);
}

export function listLoaded(state: State, page: ConversationPage, archived: boolean): State {
  const known = page.items.reduce((now, conversation) => found(now, conversation), state);
  const list = { status: 'loaded', cursor: page.nextCursor, error: null } as const;
  return archived ? { ...known, archive: list } : { ...known, list };
}

/** Of two reasons the one stays that says more. */
export function remove(state: State, id: string, reason: GoneReason, by: string | null, seq = 0): State {
  const before = state.gone[id];
  const known = before !== undefined && (before.reason === 'deleted' || reason === 'unavailable');
  const gone = known ? { ...before, by: before.by ?? by } : { reason, by, seq };
  return {
    ...state,
    conversations: without(state.conversations, id),
    positions: without(state.positions, id),
    threads: without(state.threads, id),
    typing: without(state.typing, id),
    keeping: without(state.keeping, id),
    outbox: state.outbox.filter((out) => out.conversationId !== id),
    reacting: state.reacting.filter((each) => each.conversationId !== id),
    gone: { ...state.gone, [id]: gone },
  };
}

/** Told to the removed one only. */
export function removed(state: State, { conversationId, seq, userId, removedBy, totalUnread }: ParticipantRemoved): State {
  const held = state.conversations[conversationId];
  const isOld = isOver(state, conversationId, seq) || (held !== undefined && held.seq > seq);
  if (userId !== state.me || isOld) return state;
  return tellTotal(remove(state, conversationId, removedBy === userId ? 'left' : 'removed', removedBy, seq), totalUnread);
}
