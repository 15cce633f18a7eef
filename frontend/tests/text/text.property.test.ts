/** Whatever is written: it has a meaning, loses no word, is read in linear time, and means the same when written anew. */

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { wordsOf, type Block } from '../../src/app/text/ast';
import { MAX_DEPTH, parse } from '../../src/app/text/parse';
import { plainText } from '../../src/app/text/plainText';
import { toHtml } from '../../src/app/text/toHtml';
import { toMarkdown } from '../../src/app/text/toMarkdown';

const PEOPLE = [
  { id: '1', name: 'Ana' },
  { id: '2', name: 'Ana Lima' },
];
/** Without `[`: what a label hides is looked at elsewhere. */
const PIECES = ['*', '**', '***', '_', '~~', '`', '``', '```', '```js', '\n', '\n\n', '\r\n', ' ', '  ', '- ', '1. ', '> ', ']', '(', ')', '@Ana', '@Ana Lima', 'https://a.b/c_d', 'javascript:x', 'a@b.co', 'word', 'snake_case', '李', '👍', '\u202e', '\u0301', '<b>', '.', ',', '\t', '\\'];
const pieces = (...more: string[]) => fc.array(fc.constantFrom(...PIECES, ...more), { maxLength: 30 }).map((parts) => parts.join(''));
const anything = fc.oneof(pieces('[', '](', '[word](https://a.b)'), fc.string({ unit: 'binary', maxLength: 60 }));
const written = fc.oneof(
  pieces(),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
/** What formatting is made of, and the white space that a block's edges lose. */
const MARKS = /[\s*_~`>[\]().•-]|\d/gu;

test('no word is lost and none is added', () => {
  fc.assert(
    fc.property(written, (text) => {
      expect(blockWords(parse(text, PEOPLE)).replace(MARKS, '')).toBe(text.replace(MARKS, ''));
    }),
    { numRuns: 3_000 },
  );
});

test('depth is bounded', () => {
  fc.assert(
    fc.property(anything, fc.nat(40), (text, times) => {
      expect(depthOf(parse('> - '.repeat(times) + text))).toBeLessThanOrEqual(MAX_DEPTH + 1);
    }),
  );
});

test('written anew it means the same', () => {
  fc.assert(
    fc.property(written, (text) => {
      const blocks = parse(text, PEOPLE);
      const again = toMarkdown(parse(toMarkdown(blocks), PEOPLE));
      expect(blockWords(parse(again, PEOPLE)).replace(MARKS, '')).toBe(blockWords(blocks).replace(MARKS, ''));
    }),
    { numRuns: 3_000 },
  );
});

test('plain formatting comes back exactly as it was', () => {
  const words = fc.constantFrom('one', 'two words', 'snake_case', '5', '李明');
  const inline = fc.tuple(words, fc.constantFrom('', '**', '_', '~~', '`')).map(([text, mark]) => mark + text + mark);
  const line = fc.array(inline, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(' '));
  const block = fc.oneof(
    line,
    fc.array(line, { minLength: 1, maxLength: 3 }).map((items) => items.map((item) => `- ${item}`).join('\n')),
    fc.array(line, { minLength: 1, maxLength: 3 }).map((items) => items.map((item, index) => `${index + 1}. ${item}`).join('\n')),
    fc.array(line, { minLength: 1, maxLength: 3 }).map((items) => items.map((item) => `> ${item}`).join('\n')),
    line.map((text) => `\`\`\`\n${text}\n\`\`\``),
  );
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 4 }), (blocks) => {
      const text = blocks.join('\n\n');
      expect(parse(toMarkdown(parse(text)))).toEqual(parse(text));
    }),
    { numRuns: 1_000 },
  );
});

test('the clipboard’s HTML holds no tag but our own and no address but a web or mail one', () => {
  fc.assert(
    fc.property(anything, (text) => {
      const html = toHtml(parse(text, PEOPLE));
      for (const [, tag = ''] of html.matchAll(/<\/?([^\s>]+)/g)) expect(['p', 'br', 'strong', 'em', 's', 'code', 'pre', 'ul', 'ol', 'li', 'blockquote', 'a']).toContain(tag);
      for (const [, href = ''] of html.matchAll(/href="([^"]*)"/g)) expect(href).toMatch(/^(https?|mailto):/);
    }),
    { numRuns: 1_000 },
  );
});

test.each(['*a ', '**a', '_', '`', '`a``', '[', '[a](', '[a](https://b', '> ', '- ', '  - ', '```\n', '```js\n', '@', 'a@', '@Ana', 'https://', 'https://a ', '\u0301', '(', '~~a', '***a* ', '\n \n'])(
  'the work grows with the length, not with its square: %j',
  (piece) => {
    // A square would be 4 · 10¹⁰ steps: it would not end within the test's time.
    const text = piece.repeat(200_000);
    expect(blockWords(parse(text, PEOPLE)).length).toBeLessThanOrEqual(text.length);
    expect(plainText(text).length).toBeLessThan(1_000);
  },
);

function blockWords(blocks: readonly Block[]): string {
  return blocks
    .map((block): string => {
      if (block.kind === 'paragraph') return wordsOf(block.children);
      if (block.kind === 'code') return block.info + block.text;
      return block.kind === 'quote' ? blockWords(block.children) : block.items.map((item) => blockWords(item.children)).join('');
    })
    .join('\n');
}

function depthOf(blocks: readonly Block[]): number {
  return blocks.reduce((deepest, block) => {
    if (block.kind === 'quote') return Math.max(deepest, 1 + depthOf(block.children));
    return block.kind === 'list' ? Math.max(deepest, 1, ...block.items.map((item) => 1 + depthOf(item.children))) : Math.max(deepest, 1);
  }, 0);
}
