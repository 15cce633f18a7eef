/** What a view asks of the state. Pure; the same state gives the same answer, the hooks remember it. */

import type { Outgoing, State } from './model';
import type { Conversation, Participant } from './wire';

export interface ConversationFilter {
  status?: Conversation['status'];
  unread?: boolean;
  q?: string;
}

/** Newest activity first, as the server lists them. */
export function listConversations(state: Pick<State, 'conversations' | 'me'>, filter: ConversationFilter = {}): Conversation[] {
  const wanted = Object.values(state.conversations).filter((conversation) => matches(conversation, state.me, filter));
  return wanted.sort((a, b) => compare(b.updatedAt, a.updatedAt) || compare(b.id, a.id));
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

/** The smallest `readSeq` of the others: up to there everybody has read. */
export function readByAll(conversation: Conversation, me: string | null): number {
  const others = conversation.participants.filter((participant) => participant.userId !== me);
  return others.length === 0 ? 0 : Math.min(...others.map((participant) => participant.readSeq));
}

function matches(conversation: Conversation, me: string | null, filter: ConversationFilter): boolean {
  if (filter.status !== undefined && conversation.status !== filter.status) return false;
  if (filter.unread !== undefined && conversation.unread > 0 !== filter.unread) return false;
  return filter.q === undefined || filter.q === '' || searchText(conversation, me).includes(filter.q.toLocaleLowerCase());
}

function searchText(conversation: Conversation, me: string | null): string {
  const people = counterparts(conversation, me).flatMap((person) => [person.name, person.companyName]);
  return [conversation.title, conversation.subject?.title, ...people].filter(Boolean).join('\n').toLocaleLowerCase();
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
