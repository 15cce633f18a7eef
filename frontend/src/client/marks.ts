/** How far everybody is, delivered and read: marks that only ever go forward, from whatever source they come. */

import { setUnread, tellRead } from './counts';
import type { State } from './model';
import { toldPersonal } from './keeping';
import { withConversation } from './parts';
import type { Catchup, Conversation, Marks, MessageDelivered, MessageRead, Participant, ReadState } from './wire';

type Mark = Partial<Marks>;

export function participantOf(conversation: Conversation | undefined, userId: string | null): Participant | undefined {
  return conversation?.participants.find((participant) => participant.userId === userId);
}

export function readSeqOf(conversation: Conversation, userId: string | null): number {
  return participantOf(conversation, userId)?.readSeq ?? 0;
}

/** The same object where nothing goes forward. Of two times for one position the earlier is right: reading proves a delivery. */
export function raised<T extends Marks>(held: T, { readSeq = 0, readAt = null, deliveredSeq = 0, deliveredAt = null }: Mark): T {
  const read = isNews(held.readSeq, held.readAt, readSeq, readAt) ? { readSeq, readAt } : null;
  const delivered = isNews(held.deliveredSeq, held.deliveredAt, deliveredSeq, deliveredAt) ? { deliveredSeq, deliveredAt } : null;
  return read === null && delivered === null ? held : { ...held, ...read, ...delivered };
}

export function raiseMarks(state: State, conversationId: string, userId: string | null, mark: Mark): State {
  const conversation = state.conversations[conversationId];
  const held = participantOf(conversation, userId);
  if (conversation === undefined || held === undefined) return state;
  const next = raised(held, mark);
  if (next === held) return state;
  const participants = conversation.participants.map((participant) => (participant === held ? next : participant));
  return withConversation(state, { ...conversation, participants });
}

/** The whole conversation with what was known of everybody before, where that is farther. */
export function keepMarks(whole: Conversation, held: Conversation): Conversation {
  const participants = whole.participants.map((participant) => {
    const before = participantOf(held, participant.userId);
    return before ? raised(participant, before) : participant;
  });
  return { ...whole, participants };
}

export function marksOfCatchup(state: State, conversationId: string, { reads, marks }: Catchup): State {
  const read = Object.entries(reads).reduce((now, [userId, readSeq]) => (marks[userId] ? now : raiseMarks(now, conversationId, userId, { readSeq })), state);
  return Object.entries(marks).reduce((now, [userId, mark]) => raiseMarks(now, conversationId, userId, mark), read);
}

/** Somebody read: what is read is delivered. */
export function markedRead(state: State, read: MessageRead): State {
  const { conversationId, userId, readSeq, readAt } = read;
  const marked = raiseMarks(state, conversationId, userId, { readSeq, readAt, deliveredSeq: readSeq, deliveredAt: readAt });
  if (userId !== state.me) return marked;
  return tellRead(notMarkedUnread(marked, conversationId), read);
}

export function markedDelivered(state: State, { conversationId, userId, deliveredSeq, deliveredAt }: MessageDelivered): State {
  return raiseMarks(state, conversationId, userId, { deliveredSeq, deliveredAt });
}

/** Seen here. Reading to the end empties the count at once. */
export function readHere(state: State, conversationId: string, seq: number): State {
  const conversation = state.conversations[conversationId];
  if (conversation === undefined) return state;
  const marked = notMarkedUnread(raiseMarks(state, conversationId, state.me, { readSeq: seq }), conversationId);
  const last = conversation.lastMessage?.seq ?? 0;
  return seq >= last ? setUnread(marked, conversationId, 0) : marked;
}

export function readConfirmed(state: State, conversationId: string, read: ReadState): State {
  return setUnread(raiseMarks(state, conversationId, state.me, { readSeq: read.readSeq }), conversationId, read.unread);
}

function isNews(heldSeq: number, heldAt: string | null, seq: number, at: string | null): boolean {
  return seq > heldSeq || (seq === heldSeq && seq > 0 && typeof at === 'string' && (heldAt === null || at < heldAt));
}

/** Reading ends the being marked as unread. */
function notMarkedUnread(state: State, conversationId: string): State {
  return state.conversations[conversationId]?.personal.markedUnread ? toldPersonal(state, conversationId, { markedUnread: false }) : state;
}
