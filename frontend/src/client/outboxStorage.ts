/** How unsent messages survive a reload. */

import type { Outgoing } from './model';

/** Where; `sessionStorage` fits. */
export type OutboxStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const NOTHING_MORE = { replyTo: null, mentions: [], attachments: [], forwardOf: null };

/** What is damaged is dropped; what an earlier version of the page left is completed. */
export function parseOutbox(text: string): Outgoing[] {
  try {
    const items = JSON.parse(text) as unknown;
    return Array.isArray(items) ? items.filter(isOutgoing).map(toWait) : [];
  } catch {
    return [];
  }
}

function toWait(item: Outgoing): Outgoing {
  const whole = { ...NOTHING_MORE, ...item };
  return whole.status === 'failed' ? whole : { ...whole, status: 'waiting' };
}

function isOutgoing(item: unknown): item is Outgoing {
  const { clientId, conversationId, content } = (item ?? {}) as Partial<Outgoing>;
  return [clientId, conversationId, content].every((value) => typeof value === 'string');
}
