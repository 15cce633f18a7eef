/**
 * The rule of the log: each conversation is held up to one `seq` without a hole, and moves by steps of one.
 *
 * A step that is known already is ignored, one that comes early waits, and only the waiting makes a conversation
 * `behind`. So events may be lost, doubled or reordered: together with a catch-up the result is the log's.
 */

import { bringHere, setUnread, tellTotal } from './counts';
import { toldPersonal, withKept } from './keeping';
import { keepMarks, readSeqOf } from './marks';
import type { Change, Position, State, Step } from './model';
import { onThread, withConversation, withPosition } from './parts';
import { withQuote, withQuotes } from './quotes';
import { isSound } from './sound';
import { erased, foldChange } from './thread';
import type { Conversation, LogEntry, LogEvents, Message } from './wire';

/** More steps than these are not kept waiting: the catch-up brings them anyway. */
const MAX_AHEAD = 500;

type StepMakers = { [Name in keyof Omit<LogEvents, 'conversation_deleted'>]: (payload: LogEvents[Name], seq: number) => Step };

const STEP_MAKERS: StepMakers = {
  message_received: (message, seq) => step(message.conversationId, seq, { change: { kind: 'created', message } }),
  message_updated: (message, seq) => step(message.conversationId, seq, { change: { kind: 'updated', message } }),
  message_deleted: (deletion, seq) =>
    step(deletion.conversationId, seq, {
      change: { kind: 'deleted', deletion },
      unread: deletion.unread ?? null,
    }),
  new_message_notification: (note, seq) =>
    step(note.conversationId, seq, {
      change: { kind: 'created', message: note.message },
      whole: note.conversation,
      totalUnread: note.totalUnread,
    }),
  conversation_created: (conversation, seq) => step(conversation.id, seq, { whole: conversation }),
  conversation_updated: (update, seq) =>
    step(update.conversationId, seq, {
      change: changeOfLast(update.conversation.lastMessage, seq),
      whole: update.conversation,
      totalUnread: update.totalUnread ?? null,
    }),
};

/** The step that a live event is. */
export function stepOf<Name extends keyof StepMakers>(name: Name, payload: LogEvents[Name]): Step {
  const seq = name === 'message_updated' ? (payload as Message).updatedSeq : (payload as { seq: number }).seq;
  const made = STEP_MAKERS[name](payload, seq);
  return { ...made, opaque: name === 'conversation_updated' && made.change === null };
}

/** The step that a replayed entry is; an event of a newer server, unknown here, still takes its place. */
export function stepOfEntry(conversationId: string, { event, payload, seq }: LogEntry): Step {
  if (!Object.hasOwn(STEP_MAKERS, event) || !isSound(event, payload)) return step(conversationId, seq, {});
  const make = STEP_MAKERS[event as keyof StepMakers] as (payload: unknown, seq: number) => Step;
  return { ...make(payload, seq), conversationId };
}

/** Take one step, and those that waited for it. */
export function advance(state: State, next: Step): State {
  const position = state.positions[next.conversationId];
  if (position === undefined) return next.whole ? meet(state, next.whole, next.totalUnread) : state;
  if (next.seq <= position.seq) return state;
  const guessed = next.opaque && !isToldByWhole(state, next);
  const seen = next.whole ? adoptNewer(state, next.whole) : state;
  if (guessed && state.threads[next.conversationId]) return withPosition(seen, next.conversationId, { ...position, behind: true });
  if (next.seq === position.seq + 1) return drain(fold(seen, next), next.conversationId);
  if (canJump(state, next)) return withPosition(seen, next.conversationId, jumped(position, next.seq));
  return withPosition(seen, next.conversationId, early(position, next));
}

/** Take a conversation as the server just told it. `anew`: what was held of its log counts for nothing. */
export function adopt(state: State, whole: Conversation, anew = false): State {
  const position = state.positions[whole.id];
  const known = adoptNewer(state, whole, true);
  if (position === undefined || anew) return drain(withPosition(known, whole.id, jumped(position, whole.seq)), whole.id);
  if (state.threads[whole.id] === undefined && whole.seq > position.seq) {
    return withPosition(known, whole.id, jumped(position, whole.seq));
  }
  return known;
}

/** A conversation that was not known: with the total that came along, what is elsewhere is known too. */
function meet(state: State, whole: Conversation, totalUnread: number | null): State {
  const met = adopt(state, whole);
  return totalUnread === null ? met : tellTotal(met, totalUnread);
}

/** After a catch-up: nothing that waits can be missing any more, unless it still waits. */
export function settle(state: State, conversationId: string): State {
  const position = state.positions[conversationId];
  if (!position?.behind || position.ahead.length > 0) return state;
  return withPosition(state, conversationId, { ...position, behind: false });
}

function step(conversationId: string, seq: number, parts: Partial<Step>): Step {
  return { conversationId, seq, change: null, whole: null, unread: null, totalUnread: null, opaque: false, ...parts };
}

/**
 * Outside its room a conversation's changes come as the whole conversation. One's own send from another device, or an
 * edit of the last message, shows in its last message.
 */
function changeOfLast(message: Message | null, seq: number): Change | null {
  if (message?.seq === seq) return { kind: 'created', message };
  return message?.updatedSeq === seq ? { kind: 'updated', message } : null;
}

/** A change of status, title or people explains itself. */
function isToldByWhole(state: State, { conversationId, seq, whole }: Step): boolean {
  const held = state.conversations[conversationId];
  if (held?.seq !== seq - 1 || whole === null) return false;
  const { status, title, historyVisible } = held;
  return status !== whole.status || title !== whole.title || historyVisible !== whole.historyVisible || peopleOf(held) !== peopleOf(whole);
}

function peopleOf({ participants }: Conversation): string {
  return participants
    .map(({ userId, groupRole }) => `${userId} ${groupRole ?? ''}`)
    .sort()
    .join('\n');
}

/** Where no thread is held, a whole conversation loses nothing by skipping. */
function canJump(state: State, next: Step): boolean {
  return next.whole !== null && state.threads[next.conversationId] === undefined;
}

function jumped(position: Position | undefined, seq: number): Position {
  const ahead = position?.ahead.filter((waiting) => waiting.seq > seq) ?? [];
  return { seq, ahead, behind: ahead.length > 0 };
}

function early(position: Position, next: Step): Position {
  if (position.ahead.length >= MAX_AHEAD) return { ...position, behind: true };
  if (position.ahead.some((waiting) => waiting.seq === next.seq)) return position;
  const ahead = [...position.ahead, next].sort((a, b) => a.seq - b.seq);
  return { ...position, ahead, behind: true };
}

function drain(state: State, conversationId: string): State {
  let current = state;
  for (;;) {
    const position = current.positions[conversationId];
    const first = position?.ahead[0];
    if (position === undefined || first === undefined || first.seq > position.seq + 1) return settleDrained(current, conversationId);
    current = withPosition(current, conversationId, { ...position, ahead: position.ahead.slice(1) });
    if (first.seq === position.seq + 1) current = fold(current, first);
  }
}

function settleDrained(state: State, conversationId: string): State {
  const position = state.positions[conversationId];
  return position?.behind && position.ahead.length === 0 ? settle(state, conversationId) : state;
}

/** The next step of the log, into position, thread, summary, outbox and typing. */
function fold(state: State, next: Step): State {
  const id = next.conversationId;
  const position = state.positions[id];
  if (position === undefined) return state;
  const moved = withPosition(state, id, { ...position, seq: next.seq });
  return foldSummary(foldThread(moved, next), next);
}

function foldThread(state: State, next: Step): State {
  const { change } = next;
  if (change === null) return state;
  const folded = onThread(state, next.conversationId, (thread) => foldChange(thread, change));
  if (change.kind === 'created') return arrived(folded, change.message);
  const outbox = withQuotes(folded.outbox, change);
  return outbox === folded.outbox ? folded : { ...folded, outbox };
}

/** A message that is in the log is no longer being sent, and its sender no longer typing. */
export function arrived(state: State, message: Message): State {
  const outbox =
    message.sender.id === state.me && state.outbox.some((outgoing) => outgoing.clientId === message.clientId)
      ? state.outbox.filter((outgoing) => outgoing.clientId !== message.clientId)
      : state.outbox;
  const typists = state.typing[message.conversationId];
  const typing = typists?.some((typist) => typist.userId === message.sender.id)
    ? { ...state.typing, [message.conversationId]: typists.filter((typist) => typist.userId !== message.sender.id) }
    : state.typing;
  return outbox === state.outbox && typing === state.typing ? state : { ...state, outbox, typing };
}

function foldSummary(state: State, next: Step): State {
  const conversation = state.conversations[next.conversationId];
  if (conversation === undefined || conversation.seq >= next.seq) return state;
  const { change } = next;
  const told = withConversation(state, { ...summary(conversation, change), seq: next.seq });
  const moved = change?.kind === 'created' && conversation.personal.archived ? toldPersonal(told, conversation.id, { archived: false }) : told;
  const counted = next.unread ?? conversation.unread + (countsAsUnread(state, conversation, change) ? 1 : 0);
  const unread = readSeqOf(conversation, state.me) >= next.seq ? 0 : counted;
  return setUnread(moved, conversation.id, unread);
}

function summary(conversation: Conversation, change: Change | null): Conversation {
  if (change === null) return conversation;
  const last = conversation.lastMessage;
  switch (change.kind) {
    case 'created':
      return { ...conversation, lastMessage: change.message, updatedAt: change.message.createdAt };
    case 'updated':
      if (last?.id === change.message.id) return { ...conversation, lastMessage: change.message };
      break;
    case 'deleted':
      if (last?.id === change.deletion.messageId) return { ...conversation, lastMessage: erased(last, change.deletion) };
      break;
  }
  return last === null ? conversation : { ...conversation, lastMessage: withQuote(last, change) };
}

function countsAsUnread(state: State, conversation: Conversation, change: Change | null): boolean {
  if (change?.kind !== 'created') return false;
  const { message } = change;
  const counts = message.sender.id !== state.me && message.type !== 'SYSTEM' && message.deletedAt === null;
  return counts && message.seq > readSeqOf(conversation, state.me);
}

/** Replace the summary by a newer one; read marks never fall, and what was read here is not unread again. */
function adoptNewer(state: State, whole: Conversation, equally = false): State {
  const held = state.conversations[whole.id];
  if (held && (equally ? held.seq > whole.seq : held.seq >= whole.seq)) return state;
  const kept = withKept(state, held ? keepMarks(whole, held) : whole);
  const unread = readSeqOf(kept.whole, state.me) >= whole.seq && whole.seq > 0 ? 0 : whole.unread;
  return withConversation(held ? kept.state : bringHere(kept.state, unread), { ...kept.whole, unread });
}
