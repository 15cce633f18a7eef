/** What can be done with a message, for the rows under a thread. The same object as long as the conversation is open. */

import { createContext, use } from 'react';

import type { Message } from '../../client';

export type Reacting = 'quick' | 'all';

export interface MessageActions {
  reply: (message: Message) => void;
  forward: (message: Message) => void;
  edit: (message: Message) => void;
  /** For everyone, in a few seconds. */
  remove: (message: Message) => void;
  undo: (messageId: string) => void;
  react: (message: Message, emoji: string) => void;
  /** Every text that it had. */
  versions: (message: Message) => void;
  /** Who has read it. */
  readers: (message: Message) => void;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  canReply: () => boolean;
  canEdit: (message: Message) => boolean;
  canDelete: (message: Message) => boolean;
  /** Back to where one writes. */
  leave: () => void;
}

/** With what only the list of messages can do. */
export interface RowActions extends MessageActions {
  /** Show what to react with, beside `anchor`. */
  pick: (message: Message, anchor: HTMLElement, what: Reacting) => void;
  /** Only if the pointer stays. */
  hover: (message: Message, anchor: HTMLElement) => void;
  unhover: () => void;
  jump: (seq: number) => void;
}

export const ActionsContext = createContext<RowActions | null>(null);

export function useActions(): RowActions {
  const actions = use(ActionsContext);
  if (actions === null) throw new Error('useActions needs a thread above it');
  return actions;
}
