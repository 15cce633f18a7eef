/** Hooks on conversations: the list, one of them, what is unread. Views of the client's state; none keeps its own. */

import { useEffect, useMemo } from 'react';

import { listConversations, type Conversation, type ConversationFilter, type Gone } from '../client';
import { useClientState, useSocket } from './SocketContext';

export interface Conversations {
  conversations: readonly Conversation[];
  status: 'idle' | 'loading' | 'loaded' | 'failed';
  error: string | null;
  hasMore: boolean;
  loadMore: () => Promise<void>;
}

/**
 * My conversations of those loaded so far, pinned ones first, then newest activity. The archived ones are a list of
 * their own, which is loaded when they are first asked for.
 */
export function useConversations({ status, unread, archived = false, subject, q, sort }: ConversationFilter = {}): Conversations {
  const client = useSocket();
  const held = useClientState((state) => state.conversations);
  const me = useClientState((state) => state.me);
  const list = useClientState((state) => (archived ? state.archive : state.list));
  const [subjectType, subjectId] = [subject?.type, subject?.id];
  const conversations = useMemo(() => {
    const about = subjectType !== undefined && subjectId !== undefined && { subject: { type: subjectType, id: subjectId } };
    const filter = { archived, ...(status && { status }), ...(unread !== undefined && { unread }), ...about, ...(q && { q }), ...(sort && { sort }) };
    return listConversations({ conversations: held, me }, filter);
  }, [held, me, status, unread, archived, subjectType, subjectId, q, sort]);
  const unasked = archived === true && list.status === 'idle';
  useEffect(() => {
    if (unasked) void client.loadMoreConversations(true);
  }, [client, unasked]);
  return {
    conversations,
    status: list.status,
    error: list.error,
    hasMore: list.cursor !== null,
    loadMore: () => client.loadMoreConversations(archived === true),
  };
}

/** One conversation: null while it is not known; `gone` says that it was deleted, that I am out, or that it is out of reach. */
export function useConversation(conversationId: string): { conversation: Conversation | null; gone: Gone | null } {
  const conversation = useClientState((state) => state.conversations[conversationId] ?? null);
  const gone = useClientState((state) => state.gone[conversationId] ?? null);
  return { conversation, gone };
}

/** Unread messages of all my conversations. */
export function useUnread(): number {
  return useClientState((state) => state.totalUnread);
}
