/** Blocks → the least HTML that other programs understand: for the clipboard only, never for this page. */

import type { Block, Inline, Mark } from './ast';

const TAGS: Record<Mark, string> = { strong: 'strong', em: 'em', strike: 's' };

export function toHtml(blocks: readonly Block[]): string {
  return blocks.map(blockHtml).join('');
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return `<p>${inlineHtml(block.children)}</p>`;
    case 'code':
      return `<pre><code>${escaped(block.text)}</code></pre>`;
    case 'quote':
      return `<blockquote>${toHtml(block.children)}</blockquote>`;
    case 'list':
      return `<${listTag(block)}>${block.items.map(itemHtml).join('')}</${block.ordered ? 'ol' : 'ul'}>`;
  }
}

function listTag(list: Extract<Block, { kind: 'list' }>): string {
  const start = list.items[0]?.number ?? 1;
  if (!list.ordered) return 'ul';
  return start === 1 ? 'ol' : `ol start="${start}"`;
}

function itemHtml({ children }: { children: readonly Block[] }): string {
  const [first, ...others] = children;
  return `<li>${first?.kind === 'paragraph' ? inlineHtml(first.children) + toHtml(others) : toHtml(children)}</li>`;
}

function inlineHtml(nodes: readonly Inline[]): string {
  return nodes.map(nodeHtml).join('');
}

function nodeHtml(node: Inline): string {
  switch (node.kind) {
    case 'text':
      return escaped(node.text).replaceAll('\n', '<br>');
    case 'code':
      return `<code>${escaped(node.text)}</code>`;
    case 'mention':
      return escaped(`@${node.name}`);
    case 'link':
      return `<a href="${escaped(node.href)}">${inlineHtml(node.children)}</a>`;
    default:
      return `<${TAGS[node.kind]}>${inlineHtml(node.children)}</${TAGS[node.kind]}>`;
  }
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}
