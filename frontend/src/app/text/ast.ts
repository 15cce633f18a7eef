/** What a message's text means: blocks of inline parts. Made by `parse`, drawn by `MessageText`, written by `toMarkdown`. */

export interface Mention {
  id: string;
  name: string;
}

export type Mark = 'strong' | 'em' | 'strike';

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: Mark; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; children: Inline[] }
  | { kind: 'mention'; id: string; name: string };

export interface Item {
  /** Null in a list of dots. */
  number: number | null;
  children: Block[];
}

export type Block =
  | { kind: 'paragraph'; children: Inline[] }
  | { kind: 'code'; info: string; text: string }
  | { kind: 'quote'; children: Block[] }
  | { kind: 'list'; ordered: boolean; items: Item[] };

export function isMark(node: Inline): node is Extract<Inline, { kind: Mark }> {
  return node.kind === 'strong' || node.kind === 'em' || node.kind === 'strike';
}

/** The words of inline parts, without what formats them. */
export function wordsOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text' || node.kind === 'code') return node.text;
      return node.kind === 'mention' ? `@${node.name}` : wordsOf(node.children);
    })
    .join('');
}

/** Two texts that touch are one. */
export function append(nodes: Inline[], node: Inline): void {
  const last = nodes.at(-1);
  if (node.kind === 'text' && last?.kind === 'text') nodes[nodes.length - 1] = { kind: 'text', text: last.text + node.text };
  else if (node.kind !== 'text' || node.text !== '') nodes.push(node);
}
