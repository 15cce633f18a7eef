/** The part of a message that the search met, in one line. Parts of plain text: what is lit is for the page to draw. */

import type { Highlight } from '../../client';

export interface Part {
  text: string;
  hit: boolean;
}

const MAX_CHARS = 180;
/** So much stands before the first place that was met. */
const LEAD_CHARS = 40;

/** `highlights` in UTF-16 units, in order. Those that do not fit the text are passed over. */
export function snippetOf(content: string, highlights: readonly Highlight[]): Part[] {
  const places = highlights.filter(({ start, end }) => start >= 0 && start < end && end <= content.length);
  const start = startOf(content, places[0]?.start ?? 0);
  const end = whole(content, Math.min(content.length, start + MAX_CHARS));
  const parts: Part[] = [];
  let at = start;
  for (const place of places) {
    const [from, to] = [Math.max(at, place.start), Math.min(end, place.end)];
    if (from >= to) continue;
    parts.push({ text: content.slice(at, from), hit: false }, { text: content.slice(from, to), hit: true });
    at = to;
  }
  parts.push({ text: content.slice(at, end), hit: false });
  return inOneLine(parts, start > 0, end < content.length);
}

/** At a word, where one begins near. */
function startOf(content: string, first: number): number {
  if (first <= LEAD_CHARS || content.length <= MAX_CHARS) return 0;
  const from = first - LEAD_CHARS;
  const gap = content.slice(from, first).search(/\s/u);
  return gap === -1 ? whole(content, from) : from + gap + 1;
}

/** Not between the two halves of a character. */
function whole(content: string, at: number): number {
  const code = content.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

function inOneLine(parts: Part[], cutBefore: boolean, cutAfter: boolean): Part[] {
  const lines = parts.map(({ text, hit }) => ({ text: text.replace(/\s+/gu, ' '), hit })).filter(({ text }) => text !== '');
  const [first, last] = [lines[0], lines.at(-1)];
  if (first && cutBefore) first.text = `…${first.text.trimStart()}`;
  else if (first) first.text = first.text.trimStart();
  if (last && cutAfter) last.text = `${last.text.trimEnd()}…`;
  return lines;
}
