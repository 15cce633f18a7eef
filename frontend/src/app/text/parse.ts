/**
 * Text → blocks. Pure and total: every string has a meaning, in time that grows with its length. What is not formatting
 * is text, and there is no such thing as an error.
 */

import { append, type Block, type Inline, type Item, type Mention } from './ast';
import { parseInline } from './inline';

/** Quotes and lists within each other; what is deeper stays as it was written. */
export const MAX_DEPTH = 4;

const FENCE = /^(`{3,})([\w+#.-]{0,32})\s*$/;
const CLOSING_FENCE = /^`{3,}$/;
const QUOTED = /^>(?: |$)/;
const BULLET = /^ {0,3}[-*•] +(?=\S)/;
const NUMBERED = /^ {0,3}(\d{1,9})\. +(?=\S)/;
const MIN_INDENT = 2;

export function parse(text: string, mentions: readonly Mention[] = []): Block[] {
  return blocksOf(text.replace(/\r\n?/g, '\n').split('\n'), mentions, 0);
}

function blocksOf(lines: readonly string[], mentions: readonly Mention[], depth: number): Block[] {
  const blocks: Block[] = [];
  const closers = fencesOf(lines);
  let plain: string[] = [];
  const flush = () => {
    const children = paragraphOf(plain, mentions);
    if (children.length > 0) blocks.push({ kind: 'paragraph', children });
    plain = [];
  };
  for (let at = 0; at < lines.length; ) {
    const taken = codeAt(lines, at, closers) ?? (depth < MAX_DEPTH ? (quoteAt(lines, at, mentions, depth) ?? listAt(lines, at, mentions, depth)) : null);
    if (taken === null) {
      plain.push(lines[at] ?? '');
      at += 1;
    } else {
      flush();
      blocks.push(taken.block);
      at = taken.end;
    }
  }
  flush();
  return blocks;
}

interface Taken {
  block: Block;
  end: number;
}

/** The lines that could close a fence, by fence, the last one first: looking for them costs each line once. */
function fencesOf(lines: readonly string[]): Map<string, number[]> {
  const closers = new Map<string, number[]>();
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    const line = lines[at] ?? '';
    if (!CLOSING_FENCE.test(line)) continue;
    const same = closers.get(line);
    if (same) same.push(at);
    else closers.set(line, [at]);
  }
  return closers;
}

function codeAt(lines: readonly string[], at: number, closers: Map<string, number[]>): Taken | null {
  const [, fence, info = ''] = FENCE.exec(lines[at] ?? '') ?? [];
  if (fence === undefined) return null;
  const ends = closers.get(fence) ?? [];
  while ((ends.at(-1) ?? Infinity) <= at) ends.pop();
  const end = ends.at(-1);
  return end === undefined ? null : { block: { kind: 'code', info, text: lines.slice(at + 1, end).join('\n') }, end: end + 1 };
}

function quoteAt(lines: readonly string[], at: number, mentions: readonly Mention[], depth: number): Taken | null {
  let end = at;
  while (end < lines.length && QUOTED.test(lines[end] ?? '')) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTED, ''));
  if (inner.every((line) => line.trim() === '')) return null;
  return { block: { kind: 'quote', children: blocksOf(inner, mentions, depth + 1) }, end };
}

function listAt(lines: readonly string[], at: number, mentions: readonly Mention[], depth: number): Taken | null {
  const ordered = NUMBERED.test(lines[at] ?? '');
  const marker = ordered ? NUMBERED : BULLET;
  const items: Item[] = [];
  let end = at;
  for (let match = marker.exec(lines[end] ?? ''); match !== null; match = marker.exec(lines[end] ?? '')) {
    const width = match[0].length;
    const inner = [(lines[end] ?? '').slice(width)];
    end += 1;
    for (let indent = indentOf(lines[end]); indent >= MIN_INDENT && !isSibling(lines[end], marker, match[0]); indent = indentOf(lines[end])) {
      inner.push((lines[end] ?? '').slice(Math.min(indent, width)));
      end += 1;
    }
    items.push({ number: match[1] === undefined ? null : Number(match[1]), children: blocksOf(inner, mentions, depth + 1) });
  }
  return items.length === 0 ? null : { block: { kind: 'list', ordered, items }, end };
}

/** An item as far in as the one before it, in a list that is itself written further in. */
function isSibling(line: string | undefined, marker: RegExp, before: string): boolean {
  return marker.test(line ?? '') && indentOf(line) <= indentOf(before);
}

/** Zero for a line of nothing but spaces, which ends a list. */
function indentOf(line: string | undefined): number {
  return line === undefined || line.trim() === '' ? 0 : line.length - line.trimStart().length;
}

/** Lines and the empty ones between them as they were written; marks do not reach over an empty line. */
function paragraphOf(lines: readonly string[], mentions: readonly Mention[]): Inline[] {
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first === -1) return [];
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const children: Inline[] = [];
  let run: string[] = [];
  const flush = () => {
    for (const node of parseInline(run.join('\n'), mentions)) append(children, node);
    run = [];
  };
  for (const line of lines.slice(first, last + 1)) {
    if (line.trim() !== '') run.push(line);
    else {
      if (run.length > 0) run.push('');
      flush();
      append(children, { kind: 'text', text: '\n' });
    }
  }
  flush();
  return children;
}
