/** What became of one's last message, in a word. */

import type { Conversation } from '../../client';
import type { Row, Said } from './rows';

/** The row under which it is told: the last of mine, when nothing of mine failed or waits after it. */
export function lastOwn(rows: readonly Row[]): Said | null {
  const row = rows.findLast((candidate): candidate is Said => (candidate.kind === 'message' || candidate.kind === 'outgoing') && candidate.own);
  return row ?? null;
}

export function fateOf(row: Said, conversation: Conversation, me: string | null): string | null {
  if (row.kind === 'outgoing') return row.outgoing.status === 'sending' ? 'Sending…' : row.outgoing.status === 'sent' ? 'Sent' : null;
  if (row.message.deletedAt !== null) return null;
  const others = conversation.participants.filter((participant) => participant.userId !== me);
  const readers = others.filter((participant) => participant.readSeq >= row.message.seq);
  if (readers.length === 0) return 'Sent';
  if (readers.length === others.length) return others.length > 1 ? 'Read by all' : 'Read';
  return `Read by ${readers.map((reader) => (reader.name ?? reader.userId).split(' ')[0]).join(', ')}`;
}
