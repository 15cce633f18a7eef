/** Formatting over the clipboard: out of a thread as HTML and as our text, into the composer as our text. */

import type { Block, Inline } from './ast';
import { fromDom } from './fromDom';
import { parse } from './parse';
import { toHtml } from './toHtml';
import { toMarkdown } from './toMarkdown';

/** A word processor writes much HTML for a page; beyond this the plain text is pasted. */
const MAX_HTML_CHARS = 1_000_000;

/** The text that means what the HTML shows, or null where it shows nothing that plain text does not. */
export function fromHtml(html: string): string | null {
  if (html === '' || html.length > MAX_HTML_CHARS) return null;
  // A document without a window: nothing in it runs and nothing is fetched.
  const blocks = fromDom(new DOMParser().parseFromString(html, 'text/html').body);
  return isFormatted(blocks) ? toMarkdown(blocks) : null;
}

function isFormatted(blocks: readonly Block[]): boolean {
  const formats = (node: Inline) => node.kind !== 'text' && toMarkdown([{ kind: 'paragraph', children: [node] }]) !== wordsOnly(node);
  return blocks.some((block) => block.kind !== 'paragraph' || block.children.some(formats));
}

function wordsOnly(node: Inline): string {
  if (node.kind === 'text' || node.kind === 'code') return node.text;
  return node.kind === 'mention' ? `@${node.name}` : node.children.map(wordsOnly).join('');
}

export interface Copied {
  text: string;
  html: string;
}

export function copied(text: string): Copied {
  return { text, html: toHtml(parse(text)) };
}

/** What of the messages under `root` is selected. Several are each told by whose they are. Null: none of them. */
export function copiedFrom(root: Element, range: Range): Copied | null {
  const parts = [...root.querySelectorAll('[data-words]')].filter((words) => range.intersectsNode(words)).map((words) => selectedIn(words, range));
  const said = parts.filter(({ blocks }) => blocks.length > 0);
  if (said.length === 0) return null;
  const [only] = said;
  if (said.length === 1 && only) return { text: toMarkdown(only.blocks), html: toHtml(only.blocks) };
  const named = said.map(({ name, blocks }): Block[] => [{ kind: 'paragraph', children: [{ kind: 'text', text: `${name}:` }] }, ...blocks]);
  return { text: named.map((blocks) => blocks.map((block) => toMarkdown([block])).join('\n')).join('\n\n'), html: named.map(toHtml).join('') };
}

function selectedIn(words: Element, range: Range): { name: string; blocks: Block[] } {
  const within = words.ownerDocument.createRange();
  within.selectNodeContents(words);
  if (range.compareBoundaryPoints(Range.START_TO_START, within) > 0) within.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, within) < 0) within.setEnd(range.endContainer, range.endOffset);
  const name = words.closest('article')?.getAttribute('aria-label') ?? '';
  return { name, blocks: fromDom(withContext(within, words), { kept: true }) };
}

const INLINE_CONTEXT = 'strong, em, s, code, a';
const OWN_CONTEXT = `${INLINE_CONTEXT}, pre, ul, ol, blockquote`;

/** A part of a bold word is bold; a part of one item is no list. */
function withContext(range: Range, root: Element): Node {
  let content: Node = range.cloneContents();
  let context = OWN_CONTEXT;
  const common = range.commonAncestorContainer;
  for (let at = common instanceof Element ? common : common.parentElement; at !== null && at !== root; at = at.parentElement) {
    if (at.matches(context)) {
      const shell = at.cloneNode(false);
      shell.appendChild(content);
      content = root.ownerDocument.createDocumentFragment();
      content.appendChild(shell);
    }
    context = `${INLINE_CONTEXT}, pre`;
  }
  return content;
}
