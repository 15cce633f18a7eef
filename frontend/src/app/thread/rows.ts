/** A thread as the rows that are drawn: day dividers, the "new" line, messages in groups. Pure. */

import type { Message, Outgoing, ReadyFile } from '../../client';
import { filesHeight } from '../files/kinds';
import { dayKey } from '../format';

/** What one person says within this time stands together. */
const GROUP_MS = 5 * 60_000;

export type Said =
  | { kind: 'message'; key: string; message: Message; own: boolean; first: boolean; last: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing; own: true; first: boolean; last: boolean };

export type Row =
  | { kind: 'start'; key: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string }
  | { kind: 'system'; key: string; message: Message }
  | Said;

interface Thread {
  messages: readonly Message[];
  outgoing: readonly Outgoing[];
  me: string | null;
  hasBefore: boolean;
  /** The line stands before the first message of another person with a greater `seq`; null for no line. */
  newAfter: number | null;
}

/**
 * Where older messages are still to come, the oldest one held is not drawn: whether it opens a group or a day is not
 * known yet, and a row must not change its height because rows came above it.
 */
export function rowsOf({ messages, outgoing, me, hasBefore, newAfter }: Thread): Row[] {
  const rows: Row[] = [{ kind: 'start', key: 'start' }];
  let day: string | null = null;
  let lineDue = newAfter !== null;
  for (const message of messages) {
    day = withDay(rows, day, message.createdAt);
    const own = message.sender.id === me;
    if (lineDue && !own && message.type !== 'SYSTEM' && message.seq > (newAfter ?? Infinity)) {
      rows.push({ kind: 'new', key: 'new' });
      lineDue = false;
    }
    if (message.type === 'SYSTEM') rows.push({ kind: 'system', key: message.id, message });
    else group(rows, { kind: 'message', key: own ? message.clientId : message.id, message, own, first: true, last: true });
  }
  for (const item of outgoing) {
    day = withDay(rows, day, item.createdAt);
    group(rows, { kind: 'outgoing', key: item.clientId, outgoing: item, own: true, first: true, last: true });
  }
  return hasBefore ? rows.slice(firstCertain(rows)) : rows;
}

function firstCertain(rows: readonly Row[]): number {
  return rows.findIndex((row) => isSaid(row) || row.kind === 'system') + 1;
}

/** `key` of a message of mine is its `clientId`, so a row stays the same row when the message has been stored. */
export function isSaid(row: Row | undefined): row is Said {
  return row?.kind === 'message' || row?.kind === 'outgoing';
}

export function seqOf(row: Row): number | null {
  return row.kind === 'message' || row.kind === 'system' ? row.message.seq : null;
}

/** About as high as the row will be: a good guess keeps the scroll bar still. */
export function estimateHeight(row: Row | undefined, charsPerLine: number): number {
  switch (row?.kind) {
    case undefined:
      return 0;
    case 'start':
      return 120;
    case 'day':
      return 44;
    case 'new':
      return 36;
    case 'system':
      return 36;
    case 'message':
    case 'outgoing':
      return textHeight(textOf(row), charsPerLine) + BUBBLE_PX + (row.first ? HEAD_PX : 0) + besidesPx(row);
  }
}

/** What a bubble has besides its text. */
function besidesPx(row: Said): number {
  const { replyTo, reactions, forwarded } = row.kind === 'message' ? row.message : { ...row.outgoing, reactions: [], forwarded: row.outgoing.forwardOf !== null };
  return filesHeight(filesOf(row)) + (replyTo === null ? 0 : QUOTE_PX) + (reactions.length === 0 ? 0 : PILLS_PX) + (forwarded ? FORWARDED_PX : 0);
}

const LINE_PX = 21;
const BUBBLE_PX = 18;
const HEAD_PX = 26;
const QUOTE_PX = 52;
const PILLS_PX = 32;
const FORWARDED_PX = 18;

function textHeight(text: string, charsPerLine: number): number {
  return text === '' ? 0 : LINE_PX * linesOf(text, charsPerLine);
}

function filesOf(row: Said): readonly ReadyFile[] {
  return row.kind === 'message' ? row.message.attachments : row.outgoing.attachments.flatMap(({ attachment }) => attachment ?? []);
}

function linesOf(text: string, charsPerLine: number): number {
  return text.split('\n').reduce((lines, line) => lines + Math.max(1, Math.ceil(line.length / charsPerLine)), 0);
}

export function textOf(row: Said): string {
  return row.kind === 'message' ? row.message.content : row.outgoing.content;
}

function withDay(rows: Row[], day: string | null, at: string): string {
  const key = dayKey(at);
  if (key !== day) rows.push({ kind: 'day', key: `day ${key}`, at });
  return key;
}

function group(rows: Row[], said: Said): void {
  const before = rows.at(-1);
  if (isSaid(before) && speaker(before) === speaker(said) && timeOf(said) - timeOf(before) <= GROUP_MS) {
    rows[rows.length - 1] = { ...before, last: false };
    rows.push({ ...said, first: false });
  } else {
    rows.push(said);
  }
}

function speaker(row: Said): string {
  return row.own ? '' : row.message.sender.id;
}

function timeOf(row: Said): number {
  return Date.parse(row.kind === 'message' ? row.message.createdAt : row.outgoing.createdAt);
}
