/** What the second line of a row says: who types before one's draft, that before what is on its way, that before the last message. */

import { useMemo } from 'react';

import type { Conversation, Outgoing, Typist } from '../../client';
import { useClientState, useDraft } from '../../react';
import { plainText } from '../text/plainText';
import { typingWords } from '../words';
import { lastLineOf, outgoingWords } from './lastLine';

export interface RowLine {
  kind: 'typing' | 'draft' | 'failed' | 'sending' | 'said';
  text: string;
}

interface Said {
  typists: readonly Typist[];
  draft: string;
  outgoing: Outgoing | undefined;
}

export function useRowLine(conversation: Conversation, me: string | null, open: boolean): RowLine {
  const { id } = conversation;
  const typists = useClientState((state) => state.typing[id] ?? NOBODY);
  const outgoing = useClientState((state) => state.outbox.findLast(({ conversationId }) => conversationId === id));
  const { draft } = useDraft(id);
  const text = open ? '' : draft.text;
  return useMemo(() => rowLine(conversation, me, { typists, draft: text, outgoing }), [conversation, me, typists, text, outgoing]);
}

export function rowLine(conversation: Conversation, me: string | null, { typists, draft, outgoing }: Said): RowLine {
  const typing = typingWords(typists, conversation.kind === 'GROUP');
  if (typing !== '') return { kind: 'typing', text: `${typing}…` };
  const written = plainText(draft);
  if (written !== '') return { kind: 'draft', text: written };
  if (outgoing) return { kind: outgoing.status === 'failed' ? 'failed' : 'sending', text: `You: ${outgoingWords(outgoing, conversation)}` };
  return { kind: 'said', text: lastLineOf(conversation.lastMessage, me, conversation) };
}

const NOBODY: readonly Typist[] = [];
