/** Under which message its fate is told, and how. Pure. */

import type { Receipt, ReceiptStatus } from '../../client';
import { fullTimeOf, timeOf } from '../format';
import { isSaid, type Row, type Said } from './rows';

/** The row under which it is told: the last of mine. */
export function lastOwn(rows: readonly Row[]): Said | null {
  return rows.findLast((row): row is Said => isSaid(row) && row.own) ?? null;
}

export interface ReceiptWords {
  /** For the ear, and in groups for the eye, too. */
  words: string;
  /** When it came so far: short for the ear, whole for the pointer. */
  when: string | null;
  hint: string;
}

const NAMES: Record<ReceiptStatus, string> = {
  waiting: 'Waiting to be sent',
  sending: 'Sending…',
  failed: 'Not sent',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
};

/** `sentAt`: since when it is stored. */
export function receiptWords({ status, read, delivered, others }: Receipt, sentAt: string): ReceiptWords {
  const words = others > 1 && read.length > 0 ? `Read by ${read.length === others ? 'all' : read.length}` : NAMES[status];
  const at = status === 'sent' ? sentAt : status === 'delivered' ? latest(delivered, read) : status === 'read' ? latest(read) : null;
  return { words, when: at === null ? null : timeOf(at), hint: at === null ? words : `${words}, ${fullTimeOf(at)}` };
}

/** Since when it holds for all of them; null where that is not known of one. */
function latest(...lists: Receipt['read'][]): string | null {
  const times = lists.flat().map(({ at }) => at);
  return times.reduce((last, at) => (last === null || at === null ? null : at > last ? at : last), times[0] ?? null);
}
