/**
 * How one keeps a conversation: pinned, archived, muted, marked as unread. What is not answered yet lies over what the
 * server last said, so a refusal takes back only itself.
 */

import type { Keeping, PersonalChange, State } from './model';
import { withConversation, without } from './parts';
import type { Conversation, Personal } from './wire';

/** The server said so, or it follows from what the server said. */
export function toldPersonal(state: State, conversationId: string, news: Partial<Personal>): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined) return state;
  const keeping = state.keeping[conversationId];
  const told = { ...(keeping?.told ?? conversation.personal), ...news };
  return shown(keeping ? withKeeping(state, conversationId, { ...keeping, told }) : state, conversation, told);
}

/** A whole conversation from the server, with what it does not know yet. */
export function withKept(state: State, whole: Conversation): { state: State; whole: Conversation } {
  const keeping = state.keeping[whole.id];
  if (keeping === undefined) return { state, whole };
  const next = { ...keeping, told: whole.personal };
  return { state: withKeeping(state, whole.id, next), whole: { ...whole, personal: laidOver(next) } };
}

export function keep(state: State, conversationId: string, token: string, at: string, change: PersonalChange): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined) return state;
  const { told, pending } = state.keeping[conversationId] ?? { told: conversation.personal, pending: [] };
  const keeping = { told, pending: [...pending, { token, at, change }] };
  return shown(withKeeping(state, conversationId, keeping), conversation, told);
}

/** Answered: with what is so now, or with null for a refusal. */
export function kept(state: State, conversationId: string, token: string, personal: Personal | null): State {
  const [conversation, keeping] = [state.conversations[conversationId], state.keeping[conversationId]];
  if (conversation === undefined || keeping === undefined) return state;
  const told = personal ?? keeping.told;
  const pending = keeping.pending.filter((each) => each.token !== token);
  const settled = pending.length === 0 ? { ...state, keeping: without(state.keeping, conversationId) } : withKeeping(state, conversationId, { told, pending });
  return shown(settled, conversation, told);
}

function shown(state: State, conversation: Conversation, told: Personal): State {
  const keeping = state.keeping[conversation.id];
  const personal = keeping ? laidOver(keeping) : told;
  return isSame(personal, conversation.personal) ? state : withConversation(state, { ...conversation, personal });
}

function laidOver({ told, pending }: Keeping): Personal {
  return pending.reduce((personal, { at, change }) => changed(personal, at, change), told);
}

function changed(personal: Personal, at: string, { pinned, ...rest }: PersonalChange): Personal {
  if (pinned === undefined) return { ...personal, ...rest };
  return { ...personal, ...rest, pinnedAt: pinned ? (personal.pinnedAt ?? at) : null };
}

function isSame(a: Personal, b: Personal): boolean {
  return a.pinnedAt === b.pinnedAt && a.mutedUntil === b.mutedUntil && a.archived === b.archived && a.markedUnread === b.markedUnread;
}

function withKeeping(state: State, conversationId: string, keeping: Keeping): State {
  return { ...state, keeping: { ...state.keeping, [conversationId]: keeping } };
}
