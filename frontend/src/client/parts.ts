/** Small ways to put one part of the state in another's place; the same state where nothing changes. */

import type { Position, State, Thread } from './model';
import type { Conversation } from './wire';

export function withConversation(state: State, conversation: Conversation): State {
  return { ...state, conversations: { ...state.conversations, [conversation.id]: conversation } };
}

export function withPosition(state: State, conversationId: string, position: Position): State {
  return { ...state, positions: { ...state.positions, [conversationId]: position } };
}

export function withThread(state: State, conversationId: string, thread: Thread): State {
  return { ...state, threads: { ...state.threads, [conversationId]: thread } };
}

export function onThread(state: State, conversationId: string, change: (thread: Thread) => Thread): State {
  const thread = state.threads[conversationId];
  const next = thread && change(thread);
  return next === undefined || next === thread ? state : withThread(state, conversationId, next);
}

export function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  if (!Object.hasOwn(record, key)) return record;
  const { [key]: _, ...rest } = record;
  return rest;
}
