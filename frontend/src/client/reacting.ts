/** Reactions of one's own that are on their way, laid over the messages as the server knows them. Pure. */

import type { Reacting, State } from './model';
import { onThread } from './parts';
import { takeNewer } from './thread';
import type { Message, QuotedSender, Reaction } from './wire';

/** The last word on one emoji counts. */
export function reacting(state: State, { conversationId, messageId, emoji, present }: Reacting): State {
  return { ...state, reacting: [...others(state, messageId, emoji), { conversationId, messageId, emoji, present }] };
}

/** Answered, or refused with null. The message is taken before the log comes to it, so that nothing flickers. */
export function reacted(state: State, messageId: string, emoji: string, message: Message | null): State {
  const settled = { ...state, reacting: others(state, messageId, emoji) };
  return message === null ? settled : onThread(settled, message.conversationId, (thread) => takeNewer(thread, message));
}

/** The messages as I want them to be; the same list where that is what they are. */
export function withMyReactions(messages: readonly Message[], pending: readonly Reacting[], me: QuotedSender | null): readonly Message[] {
  if (pending.length === 0 || me === null) return messages;
  const concerned = new Set(pending.map(({ messageId }) => messageId));
  return messages.map((message) => {
    if (!concerned.has(message.id)) return message;
    const mine = pending.filter(({ messageId }) => messageId === message.id);
    return mine.reduce((now, { emoji, present }) => reactedBy(now, emoji, me, present), message);
  });
}

function reactedBy(message: Message, emoji: string, me: QuotedSender, present: boolean): Message {
  const given = message.reactions.find((reaction) => reaction.emoji === emoji);
  const mine = given?.users.some(({ id }) => id === me.id) ?? false;
  if (mine === present) return message;
  const users = present ? [me, ...(given?.users ?? [])] : (given?.users ?? []).filter(({ id }) => id !== me.id);
  const next: Reaction = { emoji, count: Math.max(users.length, (given?.count ?? 0) + (present ? 1 : -1)), users };
  const rest = message.reactions.filter((reaction) => reaction !== given);
  if (present) return { ...message, reactions: [next, ...rest] };
  return { ...message, reactions: users.length === 0 ? rest : message.reactions.map((reaction) => (reaction === given ? next : reaction)) };
}

function others(state: State, messageId: string, emoji: string): readonly Reacting[] {
  return state.reacting.filter((each) => each.messageId !== messageId || each.emoji !== emoji);
}
