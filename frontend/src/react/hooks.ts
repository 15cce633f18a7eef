/** The hooks that an application imports. Each is a view of the client's state; none keeps a state of its own. */

import { useEffect, useMemo } from 'react';

import { listConversations, outgoingOf, type Conversation, type ConversationFilter, type Message, type Outgoing, type Typist } from '../client';
import { useClientState, useSocket } from './SocketContext';

export interface Conversations {
  conversations: readonly Conversation[];
  status: 'idle' | 'loading' | 'loaded' | 'failed';
  error: string | null;
  hasMore: boolean;
  loadMore: () => Promise<void>;
}

/** My conversations, newest activity first, of those loaded so far. */
export function useConversations({ status, unread, q }: ConversationFilter = {}): Conversations {
  const client = useSocket();
  const held = useClientState((state) => state.conversations);
  const me = useClientState((state) => state.me);
  const list = useClientState((state) => state.list);
  const conversations = useMemo(
    () => listConversations({ conversations: held, me }, { ...(status && { status }), ...(unread !== undefined && { unread }), ...(q && { q }) }),
    [held, me, status, unread, q],
  );
  return {
    conversations,
    status: list.status,
    error: list.error,
    hasMore: list.cursor !== null,
    loadMore: () => client.loadMoreConversations(),
  };
}

/** One conversation: null while it is not known; `gone` says that it was deleted or is out of reach. */
export function useConversation(conversationId: string) {
  const conversation = useClientState((state) => state.conversations[conversationId] ?? null);
  const gone = useClientState((state) => state.gone[conversationId] ?? null);
  return { conversation, gone };
}

export interface Messages {
  messages: readonly Message[];
  /** Mine, not in `messages` yet. */
  outgoing: readonly Outgoing[];
  loaded: boolean;
  loading: 'replace' | 'before' | 'after' | null;
  error: string | null;
  hasBefore: boolean;
  hasAfter: boolean;
  send: (content: string) => string;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  edit: (messageId: string, content: string) => Promise<void>;
  remove: (messageId: string) => Promise<void>;
  markRead: (seq: number) => void;
  loadOlder: () => Promise<void>;
  loadNewer: () => Promise<void>;
  loadNewest: () => Promise<void>;
  reload: () => Promise<void>;
}

/**
 * The messages of a conversation, live. While the component is mounted the conversation is in view: its room is
 * joined, and left with the last such component. `at` is the `seq` of a message to have in the window.
 */
export function useMessages(conversationId: string, { at = null }: { at?: number | null } = {}): Messages {
  const client = useSocket();
  const thread = useClientState((state) => state.threads[conversationId]);
  const outbox = useClientState((state) => state.outbox);
  const outgoing = useMemo(() => outgoingOf({ outbox }, conversationId), [outbox, conversationId]);
  useEffect(() => client.view(conversationId, at), [client, conversationId, at]);
  const verbs = useMemo(
    () => ({
      send: (content: string) => client.send(conversationId, content),
      retry: (clientId: string) => client.retry(clientId),
      discard: (clientId: string) => client.discard(clientId),
      edit: (messageId: string, content: string) => client.edit(conversationId, messageId, content),
      remove: (messageId: string) => client.deleteMessage(conversationId, messageId),
      markRead: (seq: number) => client.markRead(conversationId, seq),
      loadOlder: () => client.loadOlder(conversationId),
      loadNewer: () => client.loadNewer(conversationId),
      loadNewest: () => client.loadNewest(conversationId),
      reload: () => client.reopen(conversationId),
    }),
    [client, conversationId],
  );
  return {
    messages: thread?.messages ?? NO_MESSAGES,
    outgoing,
    loaded: thread?.loaded ?? false,
    loading: thread?.loading ?? null,
    error: thread?.error ?? null,
    hasBefore: thread?.hasBefore ?? false,
    hasAfter: thread?.hasAfter ?? false,
    ...verbs,
  };
}

/** Unread messages of all my conversations. */
export function useUnread(): number {
  return useClientState((state) => state.totalUnread);
}

/** Who types in a conversation, and the signals for oneself. */
export function useTyping(conversationId: string) {
  const client = useSocket();
  const typists = useClientState((state) => state.typing[conversationId] ?? NOBODY);
  return useMemo(
    () => ({ typists, typing: () => client.typing(conversationId), stop: () => client.stopTyping() }),
    [client, conversationId, typists],
  );
}

const NO_MESSAGES: readonly Message[] = [];
const NOBODY: readonly Typist[] = [];
