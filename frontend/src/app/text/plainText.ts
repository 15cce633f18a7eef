/** A message in one plain line: for the list, notifications and quotes. */

import { wordsOf, type Block, type Mention } from './ast';
import { calm } from './calm';
import { parse } from './parse';

/** More than any line shows; the rest need not be read. */
const MAX_CHARS = 400;

export function plainText(text: string, mentions: readonly Mention[] = []): string {
  const head = text.length > MAX_CHARS * 2 ? text.slice(0, MAX_CHARS * 2) : text;
  const line = calm(linesOf(parse(head, mentions)).join(' ').replace(/\s+/gu, ' ').trim());
  return line.length > MAX_CHARS ? `${line.slice(0, MAX_CHARS)}…` : line;
}

function linesOf(blocks: readonly Block[]): string[] {
  return blocks.flatMap((block) => {
    switch (block.kind) {
      case 'paragraph':
        return [wordsOf(block.children)];
      case 'code':
        return [block.text];
      case 'quote':
        return linesOf(block.children);
      case 'list':
        return block.items.map(({ number, children }) => `${number === null ? '•' : `${number}.`} ${linesOf(children).join(' ')}`);
    }
  });
}
