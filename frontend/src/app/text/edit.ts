/** Formatting as one writes: each verb looks at the text and its selection, and says what to replace. Pure. */

import type { Mark } from './ast';

export interface Draft {
  text: string;
  start: number;
  end: number;
}

/** Put `insert` in place of what is between `from` and `to`, then select from `start` to `end`. */
export interface Edit {
  from: number;
  to: number;
  insert: string;
  start: number;
  end: number;
}

export type Format = Mark | 'code' | 'link' | 'bullets' | 'numbers' | 'quote' | 'block';

const DELIMITERS: Record<Mark | 'code', string> = { strong: '**', em: '_', strike: '~~', code: '`' };
const ADDRESS = 'https://';
const LINE_START = /^(?:> |\s*(?:[-*•]|\d{1,9}\.) )+/;
const BULLET = /^- /;
const NUMBER = /^\d{1,9}\. /;
const QUOTE = /^> /;

export function format(draft: Draft, what: Format): Edit {
  switch (what) {
    case 'link':
      return link(draft);
    case 'block':
      return codeBlock(draft);
    case 'bullets':
      return prefixed(draft, BULLET, () => '- ');
    case 'numbers':
      return prefixed(draft, NUMBER, (index) => `${index + 1}. `);
    case 'quote':
      return prefixed(draft, QUOTE, () => '> ');
    default:
      return toggled(draft, DELIMITERS[what]);
  }
}

/** Marked, or no longer marked. Several lines are marked one by one, after what makes them items of a list. */
function toggled({ text, start, end }: Draft, delimiter: string): Edit {
  const size = delimiter.length;
  const chosen = text.slice(start, end);
  if (isMarked(text.slice(start - size, end + size), delimiter, chosen) && start >= size) {
    return { from: start - size, to: end + size, insert: chosen, start: start - size, end: end - size };
  }
  if (chosen === '') return { from: start, to: start, insert: delimiter + delimiter, start: start + size, end: start + size };
  const lines = chosen.split('\n');
  const unmark = lines.every((line) => partsOf(line, delimiter).marked || line.trim() === '');
  const insert = lines.map((line) => (unmark ? unmarked(line, delimiter) : marked(line, delimiter))).join('\n');
  const [before, words] = /^(\s*)([^\n]*\S)\s*$/.exec(lines.length === 1 ? chosen : '')?.slice(1) ?? [];
  if (unmark || before === undefined || words === undefined) return { from: start, to: end, insert, start, end: start + insert.length };
  const inner = start + insert.indexOf(delimiter) + size;
  return { from: start, to: end, insert, start: inner, end: start + insert.lastIndexOf(delimiter) };
}

function isMarked(around: string, delimiter: string, chosen: string): boolean {
  return around === delimiter + chosen + delimiter;
}

function partsOf(line: string, delimiter: string) {
  const head = LINE_START.exec(line)?.[0] ?? '';
  const body = line.slice(head.length);
  const words = body.trim();
  const lead = body.slice(0, body.length - body.trimStart().length);
  const tail = body.slice(lead.length + words.length);
  const marked = words.length > 2 * delimiter.length && words.startsWith(delimiter) && words.endsWith(delimiter);
  return { head: head + lead, words, tail, marked };
}

function marked(line: string, delimiter: string): string {
  const { head, words, tail, marked: already } = partsOf(line, delimiter);
  return words === '' || already ? line : head + delimiter + words + delimiter + tail;
}

function unmarked(line: string, delimiter: string): string {
  const { head, words, tail, marked: is } = partsOf(line, delimiter);
  return is ? head + words.slice(delimiter.length, -delimiter.length) + tail : line;
}

/** The label is chosen and the address wanted, or the other way round. */
function link({ text, start, end }: Draft): Edit {
  const chosen = text.slice(start, end);
  if (/^https?:\/\/\S+$/.test(chosen)) return { from: start, to: end, insert: `[](${chosen})`, start: start + 1, end: start + 1 };
  const insert = `[${chosen}](${ADDRESS})`;
  const address = start + insert.length - 1 - ADDRESS.length;
  if (chosen === '') return { from: start, to: end, insert, start: start + 1, end: start + 1 };
  return { from: start, to: end, insert, start: address, end: address + ADDRESS.length };
}

function codeBlock({ text, start, end }: Draft): Edit {
  const from = lineStart(text, start);
  const to = lineEnd(text, end);
  const code = text.slice(from, to);
  const insert = `\`\`\`\n${code}\n\`\`\``;
  return { from, to, insert, start: start + 4, end: end + 4 };
}

/** All the lines that the selection touches, or none of them any more. */
function prefixed({ text, start, end }: Draft, has: RegExp, prefix: (index: number) => string): Edit {
  const from = lineStart(text, start);
  const to = lineEnd(text, end);
  const lines = text.slice(from, to).split('\n');
  const remove = lines.every((line) => has.test(line));
  const other = has === QUOTE ? null : has === BULLET ? NUMBER : BULLET;
  const insert = lines
    .map((line, index) => (remove ? line.replace(has, '') : prefix(index) + line.replace(has, '').replace(other ?? has, '')))
    .join('\n');
  if (start !== end) return { from, to, insert, start: from, end: from + insert.length };
  const caret = Math.max(from, start + insert.length - (to - from));
  return { from, to, insert, start: caret, end: caret };
}

/** What a new line begins with in a list or a quote; an item that was left empty ends it. Null: as any new line. */
export function continued({ text, start, end }: Draft): Edit | null {
  const from = lineStart(text, start);
  const line = text.slice(from, start);
  const [head, indent = '', marker = '', number] = /^(\s*)(>|[-*•]|(\d{1,8})\.) /.exec(line) ?? [];
  if (head === undefined || inFence(text.slice(0, from))) return null;
  if (line === head && lineEnd(text, start) === end) return { from, to: end, insert: '', start: from, end: from };
  const insert = `\n${indent}${number === undefined ? marker : `${Number(number) + 1}.`} `;
  return { from: start, to: end, insert, start: start + insert.length, end: start + insert.length };
}

function inFence(before: string): boolean {
  return before.split('\n').filter((line) => line.startsWith('```')).length % 2 === 1;
}

function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end === -1 ? text.length : end;
}
