/** The life of a message of one's own before it stands in the log: pure changes of the outbox. */

import { advance, stepOf } from './log';
import type { ToSend } from './happenings';
import type { Outgoing, OutgoingFile, ReadyFile, State } from './model';
import type { Message } from './wire';

export function send(state: State, given: ToSend): State {
  if (state.outbox.some((out) => out.clientId === given.clientId)) return state;
  const { clientId, conversationId, content, at, replyTo = null, mentions = [], attachments = [], forwardOf = null, saving = false } = given;
  const outgoing: Outgoing = {
    clientId,
    conversationId,
    content,
    createdAt: at,
    status: 'waiting',
    attempts: 0,
    error: null,
    replyTo,
    mentions,
    attachments,
    forwardOf,
    tab: null,
    saving,
  };
  return { ...state, outbox: [...state.outbox, outgoing] };
}

export function onOutgoing(state: State, clientId: string, change: (outgoing: Outgoing) => Outgoing): State {
  if (!state.outbox.some((out) => out.clientId === clientId && out.status !== 'sent')) return state;
  return { ...state, outbox: state.outbox.map((out) => (out.clientId === clientId ? change(out) : out)) };
}

/** Stored. It leaves the outbox when it stands in the log; if a gap is before it, it waits there as sent. */
export function confirmed(state: State, clientId: string, message: Message): State {
  const stored = advance(state, stepOf('message_received', message));
  const held = stored.positions[message.conversationId];
  if (held === undefined || held.seq >= message.seq || stored.threads[message.conversationId] === undefined) {
    return { ...stored, outbox: stored.outbox.filter((out) => out.clientId !== clientId) };
  }
  return onOutgoing(stored, clientId, (out) => ({ ...out, status: 'sent' }));
}

/** What earlier pages left comes before what was written since. */
export function restored(state: State, outbox: readonly Outgoing[]): State {
  const known = new Set(state.outbox.map((out) => out.clientId));
  const waiting = outbox.filter((out) => !known.has(out.clientId) && !isStored(state, out));
  return waiting.length === 0 ? state : { ...state, outbox: [...waiting, ...state.outbox] };
}

/** As the tab that sends it has it, unless the log has it already. */
export function told(state: State, outgoing: Outgoing): State {
  const known = state.outbox.find((out) => out.clientId === outgoing.clientId);
  if (known === undefined) return isStored(state, outgoing) || state.gone[outgoing.conversationId] ? state : { ...state, outbox: [...state.outbox, outgoing] };
  return known.status === 'sent' ? state : { ...state, outbox: state.outbox.map((out) => (out === known ? outgoing : out)) };
}

function isStored({ me, conversations, threads }: State, { clientId, conversationId }: Outgoing): boolean {
  const is = (message: Message | null | undefined) => message?.clientId === clientId && message.sender.id === me;
  const thread = threads[conversationId];
  return thread ? thread.messages.some(is) : is(conversations[conversationId]?.lastMessage);
}

/** A file came to the server: whatever waits for it has it. */
export function uploadReady(state: State, uploadId: string, attachment: ReadyFile): State {
  return onWaitingFor(state, uploadId, (out) => ({
    ...out,
    attachments: out.attachments.map((file) => (file.uploadId === uploadId ? { ...file, attachment } : file)),
  }));
}

export function uploadFailed(state: State, uploadId: string, error: { code: string; message: string }): State {
  return onWaitingFor(state, uploadId, (out) => (out.status === 'waiting' ? { ...out, status: 'failed', error } : out));
}

export function isComplete({ attachments }: Outgoing): boolean {
  return attachments.every(isReady);
}

/** The ids of the uploads that a message still needs. */
export function missingUploads({ attachments }: Outgoing): string[] {
  return attachments.flatMap((file) => (file.uploadId !== null && !isReady(file) ? [file.uploadId] : []));
}

function isReady({ attachment }: OutgoingFile): boolean {
  return attachment !== null;
}

function onWaitingFor(state: State, uploadId: string, change: (outgoing: Outgoing) => Outgoing): State {
  if (!state.outbox.some((out) => missingUploads(out).includes(uploadId))) return state;
  return { ...state, outbox: state.outbox.map((out) => (missingUploads(out).includes(uploadId) ? change(out) : out)) };
}
