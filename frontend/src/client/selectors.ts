/** What a view asks of the state. Pure; the same state gives the same answer, the hooks remember it. */

import type { Outgoing, State } from './model';
import type { Conversation, Participant, Subject } from './wire';

export interface ConversationFilter {
  status?: Conversation['status'];
  /** With something unread, or marked as unread. */
  unread?: boolean;
  /** The archived ones instead of the others; null for both. */
  archived?: boolean | null;
  subject?: Pick<Subject, 'type' | 'id'>;
  q?: string;
  /** `unread`: those with something unread before the others. */
  sort?: 'activity' | 'unread';
}

/** Pinned ones first, then newest activity, as the server lists them. */
export function listConversations(state: Pick<State, 'conversations' | 'me'>, filter: ConversationFilter = {}): Conversation[] {
  const wanted = Object.values(state.conversations).filter((conversation) => matches(conversation, state.me, filter));
  const unreadFirst = filter.sort === 'unread';
  return wanted.sort(
    (a, b) =>
      Number(b.personal.pinnedAt !== null) - Number(a.personal.pinnedAt !== null) ||
      (unreadFirst ? Number(isUnread(b)) - Number(isUnread(a)) : 0) ||
      compare(b.updatedAt, a.updatedAt) ||
      compare(b.id, a.id),
  );
}

export function isUnread({ unread, personal }: Conversation): boolean {
  return unread > 0 || personal.markedUnread;
}

/** `now` is by this device's clock, in milliseconds. */
export function isMuted({ personal: { mutedUntil } }: Conversation, now: number): boolean {
  return mutedUntil !== null && Date.parse(mutedUntil) > now;
}

/** What the conversations held are about, each once, by title. */
export function listSubjects({ conversations }: Pick<State, 'conversations'>): Subject[] {
  const subjects = new Map<string, Subject>();
  for (const { subject } of Object.values(conversations)) if (subject !== null) subjects.set(`${subject.type} ${subject.id}`, subject);
  return [...subjects.values()].sort((a, b) => a.title.localeCompare(b.title));
}

export function outgoingOf(state: Pick<State, 'outbox'>, conversationId: string): Outgoing[] {
  return state.outbox.filter((outgoing) => outgoing.conversationId === conversationId);
}

/** The others in a conversation, as one of its participants sees it; oneself, where nobody else is there. */
export function counterparts(conversation: Conversation, me: string | null): Participant[] {
  const others = conversation.participants.filter((participant) => participant.userId !== me);
  return others.length > 0 ? others : conversation.participants;
}

export function personName(person: { name: string | null; userId?: string; id?: string }): string {
  return person.name ?? person.userId ?? person.id ?? 'Unknown';
}

export function conversationName(conversation: Conversation, me: string | null): string {
  return conversation.title ?? counterparts(conversation, me).map(personName).join(', ');
}

/** Whether I may let people in and out of it. */
export function isOwner(conversation: Conversation, me: string | null): boolean {
  return conversation.participants.some(({ userId, groupRole }) => userId === me && groupRole === 'OWNER');
}

/** The smallest `readSeq` of the others: up to there everybody has read. */
export function readByAll(conversation: Conversation, me: string | null): number {
  const others = conversation.participants.filter((participant) => participant.userId !== me);
  return others.length === 0 ? 0 : Math.min(...others.map((participant) => participant.readSeq));
}

function matches(conversation: Conversation, me: string | null, filter: ConversationFilter): boolean {
  const { status, unread, archived = false, subject, q = '' } = filter;
  if (status !== undefined && conversation.status !== status) return false;
  if (unread !== undefined && isUnread(conversation) !== unread) return false;
  if (archived !== null && conversation.personal.archived !== archived) return false;
  if (subject !== undefined && (conversation.subject?.type !== subject.type || conversation.subject.id !== subject.id)) return false;
  return q === '' || searchText(conversation, me).includes(q.toLocaleLowerCase());
}

function searchText(conversation: Conversation, me: string | null): string {
  const people = counterparts(conversation, me).flatMap((person) => [person.name, person.companyName]);
  return [conversation.title, conversation.subject?.title, ...people].filter(Boolean).join('\n').toLocaleLowerCase();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
