/** For how long a message may be edited, and deleted for everyone. The server judges; this is what is offered. */

import type { State } from './model';
import type { Message } from './wire';

type Known = Pick<State, 'me' | 'limits' | 'aheadMs' | 'conversations'>;

/** `now` is by this device's clock, in milliseconds. */
export function canEdit(state: Known, message: Message, now: number): boolean {
  const open = state.conversations[message.conversationId]?.status === 'ACTIVE';
  return open && isMine(state, message) && isWithin(state, message, now, state.limits?.editWindowMs ?? null);
}

export function canDelete(state: Known, message: Message, now: number): boolean {
  return isMine(state, message) && isWithin(state, message, now, state.limits?.deleteWindowMs ?? null);
}

function isMine({ me }: Known, { sender, type, deletedAt }: Message): boolean {
  return sender.id === me && type !== 'SYSTEM' && deletedAt === null;
}

/** Null: for ever. */
function isWithin({ aheadMs }: Known, { createdAt }: Message, now: number, windowMs: number | null): boolean {
  return windowMs === null || now + aheadMs - Date.parse(createdAt) <= windowMs;
}
