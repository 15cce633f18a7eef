/** What became of a message of mine: on its way, stored, come to a device, read; by whom and since when. */

import { personName } from './selectors';
import type { Outgoing } from './model';
import type { Conversation, Message, Participant } from './wire';

export type ReceiptStatus = 'waiting' | 'sending' | 'failed' | 'sent' | 'delivered' | 'read';

/** `at`: when their mark came to where it is now; the message was read, or had come, then at the latest. */
export interface Receiver {
  userId: string;
  name: string;
  at: string | null;
}

/**
 * `status` is what holds for all the others: read once everybody has read it. The three lists share out the others, each
 * in the farthest that they reached, the latest first.
 */
export interface Receipt {
  status: ReceiptStatus;
  read: readonly Receiver[];
  delivered: readonly Receiver[];
  unreached: readonly Receiver[];
  others: number;
}

export function receiptOf(conversation: Conversation, said: Message | Outgoing, me: string | null): Receipt {
  const others = conversation.participants.filter(({ userId }) => userId !== me);
  if (!('seq' in said)) return { status: said.status, read: [], delivered: [], unreached: others.map((one) => receiver(one, null)), others: others.length };
  const readers = others.filter(({ readSeq }) => readSeq >= said.seq);
  const reached = others.filter(({ readSeq, deliveredSeq }) => readSeq < said.seq && deliveredSeq >= said.seq);
  const rest = others.filter(({ readSeq, deliveredSeq }) => readSeq < said.seq && deliveredSeq < said.seq);
  return {
    status: statusOf(others.length, readers.length, reached.length),
    read: latestFirst(readers.map((one) => receiver(one, one.readAt))),
    delivered: latestFirst(reached.map((one) => receiver(one, one.deliveredAt))),
    unreached: rest.map((one) => receiver(one, null)),
    others: others.length,
  };
}

function statusOf(others: number, readers: number, reached: number): ReceiptStatus {
  if (others > 0 && readers === others) return 'read';
  return others > 0 && readers + reached === others ? 'delivered' : 'sent';
}

function receiver(one: Participant, at: string | null): Receiver {
  return { userId: one.userId, name: personName(one), at };
}

function latestFirst(receivers: Receiver[]): Receiver[] {
  return receivers.sort((a, b) => (b.at ?? '').localeCompare(a.at ?? ''));
}
