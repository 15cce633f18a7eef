/**
 * The total of unread messages: what the conversations held here count, and `elsewhere`, what those count that are
 * not loaded yet. So the total cannot drift from what the list shows.
 */

import type { State } from './model';
import { withConversation } from './parts';
import type { MessageRead } from './wire';

export function setUnread(state: State, conversationId: string, unread: number): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined || conversation.unread === unread) return state;
  return withConversation(state, { ...conversation, unread });
}

/** A total as the server told it when it told no counts: the rest of it is elsewhere. */
export function tellTotal(state: State, totalUnread: number): State {
  return { ...state, elsewhere: Math.max(0, totalUnread - held(state)) };
}

/** What one's own reading left unread. */
export function tellRead(state: State, { conversationId, unread, totalUnread }: MessageRead): State {
  if (state.conversations[conversationId] !== undefined) return typeof unread === 'number' ? setUnread(state, conversationId, unread) : state;
  return typeof totalUnread === 'number' ? tellTotal(state, totalUnread) : state;
}

/** A conversation that was elsewhere is held from now on. */
export function bringHere(state: State, unread: number): State {
  return { ...state, elsewhere: Math.max(0, state.elsewhere - unread) };
}

/** Once every conversation is held, nothing is elsewhere. */
export function recounted(before: State, after: State): State {
  if (after.conversations === before.conversations && after.elsewhere === before.elsewhere && after.list === before.list && after.archive === before.archive) {
    return after;
  }
  const elsewhere = isWhole(after.list) && isWhole(after.archive) ? 0 : after.elsewhere;
  const totalUnread = elsewhere + held(after);
  if (elsewhere === after.elsewhere && totalUnread === after.totalUnread) return after;
  return { ...after, elsewhere, totalUnread };
}

function isWhole({ status, cursor }: State['list']): boolean {
  return status === 'loaded' && cursor === null;
}

function held({ conversations }: State): number {
  return Object.values(conversations).reduce((sum, { unread }) => sum + unread, 0);
}
