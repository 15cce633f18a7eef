/** The window of messages of one conversation: pure functions that merge pages and single changes into it. */

import type { Change, PageMode, Thread } from './model';
import { withQuotes } from './quotes';
import type { Message, MessageDeleted, MessagePage } from './wire';

export const EMPTY_THREAD: Thread = {
  messages: [],
  hasBefore: false,
  hasAfter: false,
  loaded: false,
  loading: null,
  error: null,
  missed: [],
};

/** So many messages a window holds after paging; the far side is dropped. */
export const MAX_HELD = 600;

export function requestPage(thread: Thread, mode: PageMode): Thread {
  return { ...thread, loading: mode, error: null, missed: [] };
}

export function failPage(thread: Thread, error: string): Thread {
  return { ...thread, loading: null, error, missed: [] };
}

/** Merge a page, then replay what happened while it was on its way. A page that nobody waits for is dropped. */
export function mergePage(thread: Thread, mode: PageMode, page: MessagePage): Thread {
  if (thread.loading !== mode) return thread;
  const merged: Thread = {
    ...thread,
    messages: mode === 'replace' ? page.items : joined(thread.messages, page.items),
    hasBefore: mode === 'after' ? thread.hasBefore : page.hasBefore,
    hasAfter: mode === 'before' ? thread.hasAfter : page.hasAfter,
    loaded: true,
    loading: null,
    missed: [],
  };
  return thread.missed.reduce(foldChange, bounded(merged, mode));
}

/** Apply one change. While a page is on its way, it is remembered too. */
export function foldChange(thread: Thread, change: Change): Thread {
  const messages = withQuotes(changed(thread, change), asHeld(thread, change));
  const missed = thread.loading === null ? thread.missed : [...thread.missed, change];
  if (messages === thread.messages && missed === thread.missed) return thread;
  return { ...thread, messages, missed };
}

/** A newer version of a message that is held, from wherever it came. */
export function takeNewer(thread: Thread, message: Message): Thread {
  const messages = replace(thread.messages, message);
  return messages === thread.messages ? thread : { ...thread, messages: withQuotes(messages, { kind: 'updated', message }) };
}

/** Forget all but the newest `keep` messages. Only a window that reaches the end can be cut. */
export function trim(thread: Thread, keep: number): Thread {
  if (thread.hasAfter || thread.loading !== null || thread.messages.length <= keep) return thread;
  return { ...thread, messages: thread.messages.slice(-keep), hasBefore: true };
}

/** Forget all but `MAX_HELD` messages around `seq`, or at the end. Not while a page is on its way: it would leave a hole. */
export function cut(thread: Thread, seq: number | null): Thread {
  const { messages, loading } = thread;
  if (loading !== null || messages.length <= MAX_HELD) return thread;
  const middle = seq === null ? messages.length : placeOf(messages, seq);
  const start = Math.min(Math.max(0, middle - MAX_HELD / 2), messages.length - MAX_HELD);
  return within(thread, start, start + MAX_HELD);
}

export function erased(message: Message, deletion: MessageDeleted): Message {
  if (message.updatedSeq >= deletion.seq) return message;
  const at = message.editedAt ?? message.createdAt;
  const nothing = { content: '', attachments: [], reactions: [], mentions: [], replyTo: null, forwarded: false };
  return { ...message, ...nothing, updatedSeq: deletion.seq, deletedAt: at };
}

export function holds(thread: Thread | undefined, seq: number): boolean {
  return thread !== undefined && thread.messages[placeOf(thread.messages, seq)]?.seq === seq;
}

function bounded(thread: Thread, mode: PageMode): Thread {
  const { length } = thread.messages;
  if (length <= MAX_HELD) return thread;
  return mode === 'before' ? within(thread, 0, MAX_HELD) : within(thread, length - MAX_HELD, length);
}

function within(thread: Thread, start: number, end: number): Thread {
  const { messages, hasBefore, hasAfter } = thread;
  return {
    ...thread,
    messages: messages.slice(start, end),
    hasBefore: hasBefore || start > 0,
    hasAfter: hasAfter || end < messages.length,
  };
}

function changed(thread: Thread, change: Change): readonly Message[] {
  switch (change.kind) {
    case 'created':
      return isOutside(thread, change.message) ? thread.messages : upsert(thread.messages, change.message);
    case 'updated':
      return replace(thread.messages, change.message);
    case 'deleted':
      return erase(thread.messages, change.deletion);
  }
}

/** An old version of a message says nothing new to those that quote it. */
function asHeld(thread: Thread, change: Change): Change {
  if (change.kind !== 'updated') return change;
  const held = thread.messages[placeOf(thread.messages, change.message.seq)];
  const newer = held?.id === change.message.id && held.updatedSeq > change.message.updatedSeq;
  return newer ? { kind: 'updated', message: held } : change;
}

/** Beyond an edge behind which there is more: its page will bring it, and a hole is worse than a wait. */
function isOutside({ messages, hasBefore, hasAfter }: Thread, { seq }: Message): boolean {
  const first = messages[0];
  const last = messages.at(-1);
  return (hasBefore && first !== undefined && seq < first.seq) || (hasAfter && (last === undefined || seq > last.seq));
}

/** Pages meet at their edges, so nearly always one goes behind the other. */
function joined(held: readonly Message[], items: readonly Message[]): readonly Message[] {
  const [first, last] = [items[0], items.at(-1)];
  if (first === undefined || last === undefined) return held;
  if (last.seq < (held[0]?.seq ?? Infinity)) return [...items, ...held];
  if (first.seq > (held.at(-1)?.seq ?? -1)) return [...held, ...items];
  return items.reduce(upsert, held);
}

/** Insert by `seq`, or replace an older version of the same message. */
function upsert(messages: readonly Message[], message: Message): readonly Message[] {
  const index = placeOf(messages, message.seq);
  const found = messages[index];
  if (found?.seq !== message.seq) return [...messages.slice(0, index), message, ...messages.slice(index)];
  return found.updatedSeq >= message.updatedSeq ? messages : messages.with(index, message);
}

function replace(messages: readonly Message[], message: Message): readonly Message[] {
  return messages[placeOf(messages, message.seq)]?.seq === message.seq ? upsert(messages, message) : messages;
}

function erase(messages: readonly Message[], deletion: MessageDeleted): readonly Message[] {
  const index = placeOf(messages, deletion.messageSeq);
  const found = messages[index];
  if (found?.seq !== deletion.messageSeq) return messages;
  const without = erased(found, deletion);
  return without === found ? messages : messages.with(index, without);
}

/** Index of the first message whose `seq` is not less, by halving. */
function placeOf(messages: readonly Message[], seq: number): number {
  let low = 0;
  let high = messages.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.seq ?? Infinity) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
