/** Blocks → the text that means them, as one would type it. What no mark can say at its place is left unmarked. */

import { isMark, wordsOf, type Block, type Inline, type Mark } from './ast';
import { charAfter, charBefore, mayClose, mayOpen } from './flanks';
import { bareAddress, deceives, safeHref } from './links';

export function toMarkdown(blocks: readonly Block[]): string {
  return blocks.reduce((text, block, index) => {
    const written = blockText(block);
    const before = blocks[index - 1];
    return before === undefined ? written : `${text}${gapBetween(before, block, written)}${written}`;
  }, '');
}

/** An empty line where the second would else go on with the first. */
function gapBetween(before: Block, block: Block, written: string): string {
  return before.kind === block.kind || (before.kind === 'list' && written.startsWith(' ')) ? '\n\n' : '\n';
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return inlineText(block.children);
    case 'code':
      return fenced(block.info, block.text);
    case 'quote':
      return prefixed(toMarkdown(block.children), '> ', '> ');
    case 'list':
      return block.items
        .map(({ number, children }) => {
          const marker = number === null ? '- ' : `${number}. `;
          return prefixed(withoutGaps(toMarkdown(children)), marker, ' '.repeat(marker.length));
        })
        .join('\n');
  }
}

function prefixed(text: string, first: string, others: string): string {
  return text
    .split('\n')
    .map((line, index) => ((index === 0 ? first : others) + line).replace(/^> $/, '>'))
    .join('\n');
}

/** An empty line would end the list. */
function withoutGaps(text: string): string {
  return text.replace(/\n\s*\n/g, '\n');
}

function fenced(info: string, code: string): string {
  const fence = longerThan(code, 3);
  return `${fence}${info}\n${code}\n${fence}`;
}

export function inlineText(nodes: readonly Inline[]): string {
  const parts = nodes.map(partText);
  return nodes
    .map((node, index) => {
      const inner = parts[index] ?? '';
      return isMark(node) ? marked(node.kind, inner, lastChar(parts, index), firstChar(parts, index)) : inner;
    })
    .join('');
}

function partText(node: Inline): string {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'mention':
      return `@${node.name}`;
    case 'code':
      return codeSpan(node.text);
    case 'link':
      return linkText(node.href, wordsOf(node.children), inlineText(node.children));
    default:
      return inlineText(node.children);
  }
}

const DELIMITER: Record<Mark, string> = { strong: '**', em: '_', strike: '~~' };

/** Spaces at the edges go outside: no mark stands beside one. */
function marked(mark: Mark, inner: string, before: string, after: string): string {
  const words = inner.trim();
  if (words === '' || /\n\s*\n/.test(words)) return inner;
  const start = inner.length - inner.trimStart().length;
  const end = start + words.length;
  const outerBefore = start > 0 ? ' ' : before;
  const outerAfter = end < inner.length ? ' ' : after;
  const opens = mayOpen(outerBefore, charAfter(words, 0));
  const closes = mayClose(charBefore(words, words.length), outerAfter);
  if (!opens || !closes) return inner;
  const delimiter = mark === 'em' && (words.startsWith('_') || words.endsWith('_')) ? '*' : DELIMITER[mark];
  return inner.slice(0, start) + delimiter + words + delimiter + inner.slice(end);
}

function linkText(href: string, words: string, label: string): string {
  if (safeHref(words) === href && bareAddress(words, 0)?.text === words) return words;
  if (href === `mailto:${words}`) return words;
  if (words.trim() === '' || /[[\]\n]/.test(label) || deceives(words, href)) return label === '' ? href : label;
  return `[${label}](${href.replace(/[()<>[\]]/g, encodeURIComponent).replace(/[()]/g, (char) => (char === '(' ? '%28' : '%29'))})`;
}

function codeSpan(code: string): string {
  if (code === '') return '';
  const fence = longerThan(code, 1);
  const padded = code.startsWith('`') || code.endsWith('`') || (code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '');
  return padded ? `${fence} ${code} ${fence}` : fence + code + fence;
}

/** A run of backticks that does not occur in the code. */
function longerThan(code: string, least: number): string {
  const longest = (code.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  return '`'.repeat(Math.max(least, longest + 1));
}

function lastChar(parts: readonly string[], index: number): string {
  const before = parts[index - 1] ?? '';
  return charBefore(before, before.length);
}

function firstChar(parts: readonly string[], index: number): string {
  return charAfter(parts[index + 1] ?? '', 0);
}
