/** Where a reader is, and wants to be, among the rows. Pure. */

import type { Messages } from '../../react';
import { seqOf, type Row } from './rows';

/**
 * The row to go to for a `seq`: that message, or the one behind it where there is none of that `seq` to see. Null while
 * the messages around it have still to come.
 */
export function rowOfSeq(rows: readonly Row[], seq: number, { messages, hasBefore, hasAfter }: Pick<Messages, 'messages' | 'hasBefore' | 'hasAfter'>): number | null {
  const exact = rows.findIndex((row) => seqOf(row) === seq);
  if (exact !== -1) return exact;
  const [first, last] = [messages[0]?.seq ?? Infinity, messages.at(-1)?.seq ?? 0];
  const held = (first < seq || !hasBefore) && (last > seq || !hasAfter);
  if (!held) return null;
  const next = rows.findIndex((row) => (seqOf(row) ?? 0) > seq);
  return next === -1 ? rows.length - 1 : next;
}

/** The last message of somebody else among the rows up to `endIndex`: so far one has read. 0 for none. */
export function seenSeq(rows: readonly Row[], endIndex: number): number {
  for (let index = Math.min(endIndex, rows.length - 1); index >= 0; index -= 1) {
    const row = rows[index];
    if (row?.kind === 'system' || (row?.kind === 'message' && !row.own)) return row.message.seq;
  }
  return 0;
}

/** The `seq` of the message at a row, or of the nearest one above it. */
export function seqNear(rows: readonly Row[], index: number): number | null {
  for (let at = Math.min(index, rows.length - 1); at >= 0; at -= 1) {
    const row = rows[at];
    const seq = row === undefined ? null : seqOf(row);
    if (seq !== null) return seq;
  }
  return null;
}
