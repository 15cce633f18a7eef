/** Who is being named where one writes, and who is named in what was written. Pure. */

import type { Block, Inline, Mention } from './ast';
import type { Edit } from './edit';
import { parse } from './parse';

export interface Person extends Mention {
  avatarUrl?: string | null;
  /** Company or role, to tell two of one name apart. */
  about?: string | null;
}

const MAX_QUERY_CHARS = 40;
const MAX_SHOWN = 8;

export interface Query {
  /** Where the `@` stands. */
  from: number;
  text: string;
}

/** The `@…` that the caret is in, as long as it could still be a name. */
export function queryAt(text: string, caret: number): Query | null {
  const start = Math.max(0, caret - MAX_QUERY_CHARS);
  const at = text.slice(start, caret).lastIndexOf('@');
  if (at === -1) return null;
  const from = start + at;
  const query = text.slice(from + 1, caret);
  if (/[\p{L}\p{N}_]/u.test(text.charAt(from - 1)) || /^\s|\n|\s\s/.test(query)) return null;
  return { from, text: query };
}

/** Those whose name, or any word of it, begins so; a whole name's beginning first. */
export function matching(people: readonly Person[], query: string): Person[] {
  const wanted = folded(query);
  const rank = ({ name }: Person) => {
    const known = folded(name);
    if (known.startsWith(wanted)) return 0;
    return known.split(/[\s-]+/).some((word) => word.startsWith(wanted)) ? 1 : 2;
  };
  return people
    .map((person) => ({ person, rank: rank(person) }))
    .filter((each) => each.rank < 2)
    .sort((a, b) => a.rank - b.rank)
    .slice(0, MAX_SHOWN)
    .map(({ person }) => person);
}

export function insertion({ from, text }: Query, { name }: Person, following: string): Edit {
  const insert = `@${name}${following.startsWith(' ') ? '' : ' '}`;
  const caret = from + name.length + 2;
  return { from, to: from + 1 + text.length, insert, start: caret, end: caret };
}

/** A name goes as a whole when the caret behind it goes back. */
export function removal(text: string, caret: number, people: readonly Mention[]): Edit | null {
  const before = text.slice(0, caret);
  const named = people.filter(({ name }) => before.endsWith(`@${name}`)).sort((a, b) => b.name.length - a.name.length)[0];
  if (named === undefined) return null;
  const from = caret - named.name.length - 1;
  return { from, to: caret, insert: '', start: from, end: from };
}

/** The ids of those who are named, each once, in order. Of two with one name the first in `people` is meant. */
export function mentionedIn(text: string, people: readonly Mention[]): string[] {
  const found = new Set<string>();
  const inline = (node: Inline): void => {
    if (node.kind === 'mention') found.add(node.id);
    else if ('children' in node) node.children.forEach(inline);
  };
  const block = (each: Block): void => {
    if (each.kind === 'paragraph') each.children.forEach(inline);
    else if (each.kind === 'quote') each.children.forEach(block);
    else if (each.kind === 'list') each.items.forEach(({ children }) => children.forEach(block));
  };
  parse(text, people).forEach(block);
  return [...found];
}

/** Without accents and case: "cagla" finds Çağla. */
function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ı', 'i');
}
