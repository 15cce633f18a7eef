/** The messages of a conversation, live, with everything that one does to them. */

import { useEffect, useMemo } from 'react';

import {
  canDelete,
  canEdit,
  outgoingOf,
  withMyReactions,
  type Deleting,
  type Extras,
  type Message,
  type MessageVersion,
  type MessagingClient,
  type Outgoing,
  type Reacting,
} from '../client';
import { useClientState, useSocket } from './SocketContext';

export interface Messages extends MessageVerbs {
  /** With my own reactions as I want them, before the server has answered. The same list until something changes. */
  messages: readonly Message[];
  /** Mine, not in `messages` yet. */
  outgoing: readonly Outgoing[];
  /** By message: those of mine that are deleted at `dueAt`, unless that is undone. */
  deleting: Readonly<Record<string, Deleting>>;
  loaded: boolean;
  loading: 'replace' | 'before' | 'after' | null;
  error: string | null;
  hasBefore: boolean;
  hasAfter: boolean;
}

export interface MessageVerbs {
  /** Returns the `clientId`, under which `outgoing` shows what becomes of it. */
  send: (content: string, extras?: Extras) => string;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  /** Mentions that are not given stay as they are. */
  edit: (messageId: string, content: string, mentions?: readonly string[]) => Promise<void>;
  /** Oldest first; the last is the present text. */
  history: (messageId: string, signal?: AbortSignal) => Promise<MessageVersion[]>;
  react: (messageId: string, emoji: string, present: boolean) => Promise<void>;
  /** True once it is deleted, false if that was undone; rejects with the refusal. */
  requestDelete: (messageId: string) => Promise<boolean>;
  /** False where it is too late. */
  undoDelete: (messageId: string) => boolean;
  /** By the clock of this device; now where none is given. */
  canEdit: (message: Message, now?: number) => boolean;
  canDelete: (message: Message, now?: number) => boolean;
  markRead: (seq: number) => void;
  loadOlder: () => Promise<void>;
  loadNewer: () => Promise<void>;
  loadNewest: () => Promise<void>;
  /** Have this message in the window; nothing is loaded where it is there. */
  loadAround: (seq: number) => Promise<void>;
  /** Have the first unread message in the window; resolves with the `seq` behind which all is unread. */
  loadFirstUnread: () => Promise<number | null>;
  /** The reader is at this message: it stays when the window becomes too long. Null: at the end. */
  attend: (seq: number | null) => void;
  reload: () => Promise<void>;
}

/**
 * While the component is mounted the conversation is in view: its room is joined, and left with the last such component.
 * `at` is the `seq` of a message to have in the window.
 */
export function useMessages(conversationId: string, { at = null }: { at?: number | null } = {}): Messages {
  const client = useSocket();
  const thread = useClientState((state) => state.threads[conversationId]);
  const outbox = useClientState((state) => state.outbox);
  const deleting = useClientState((state) => state.deleting);
  const outgoing = useMemo(() => outgoingOf({ outbox }, conversationId), [outbox, conversationId]);
  const messages = useReacted(thread?.messages ?? NO_MESSAGES, conversationId);
  useEffect(() => client.view(conversationId, at), [client, conversationId, at]);
  const verbs = useMemo(() => verbsOf(client, conversationId), [client, conversationId]);
  return {
    messages,
    outgoing,
    deleting,
    loaded: thread?.loaded ?? false,
    loading: thread?.loading ?? null,
    error: thread?.error ?? null,
    hasBefore: thread?.hasBefore ?? false,
    hasAfter: thread?.hasAfter ?? false,
    ...verbs,
  };
}

function useReacted(messages: readonly Message[], conversationId: string): readonly Message[] {
  const pending = useClientState((state) => state.reacting);
  const name = useClientState((state) => state.conversations[conversationId]?.participants.find(({ userId }) => userId === state.me)?.name ?? null);
  const me = useClientState((state) => state.me);
  return useMemo(() => {
    const here: readonly Reacting[] = pending.filter((each) => each.conversationId === conversationId);
    return withMyReactions(messages, here, me === null ? null : { id: me, name });
  }, [messages, pending, conversationId, me, name]);
}

function verbsOf(client: MessagingClient, conversationId: string): MessageVerbs {
  return {
    send: (content, extras) => client.send(conversationId, content, extras),
    retry: (clientId) => client.retry(clientId),
    discard: (clientId) => client.discard(clientId),
    edit: (messageId, content, mentions) => client.edit(conversationId, messageId, content, mentions),
    history: (messageId, signal) => client.messageHistory(conversationId, messageId, signal),
    react: (messageId, emoji, present) => client.react(conversationId, messageId, emoji, present),
    requestDelete: (messageId) => client.requestDelete(conversationId, messageId),
    undoDelete: (messageId) => client.undoDelete(messageId),
    canEdit: (message, now = Date.now()) => canEdit(client.store.get(), message, now),
    canDelete: (message, now = Date.now()) => canDelete(client.store.get(), message, now),
    markRead: (seq) => client.markRead(conversationId, seq),
    loadOlder: () => client.loadOlder(conversationId),
    loadNewer: () => client.loadNewer(conversationId),
    loadNewest: () => client.loadNewest(conversationId),
    loadAround: (seq) => client.loadAround(conversationId, seq),
    loadFirstUnread: () => client.loadFirstUnread(conversationId),
    attend: (seq) => client.attend(conversationId, seq),
    reload: () => client.reopen(conversationId),
  };
}

const NO_MESSAGES: readonly Message[] = [];
