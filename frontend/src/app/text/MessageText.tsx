/** A message's text with its formatting, as React elements only: nothing that anybody wrote becomes markup. */

import { Fragment, memo, useMemo, type ReactNode } from 'react';

import type { Block, Inline, Mention } from './ast';
import { calm } from './calm';
import { isOnlyEmoji } from './onlyEmoji';
import { parse } from './parse';

interface Props {
  text: string;
  /** Who may stand in it as `@Name`. */
  mentions?: readonly Mention[] | undefined;
  /** Whose mention is one's own. */
  me?: string | null | undefined;
  /** What stands at the end of its last line: "edited". */
  after?: ReactNode;
}

const NOBODY: readonly Mention[] = [];

export const MessageText = memo(function MessageText({ text, mentions = NOBODY, me = null, after }: Props) {
  const blocks = useMemo(() => parse(text, mentions), [text, mentions]);
  if (isOnlyEmoji(text)) {
    return (
      <div className="words" data-words="" data-large="true">
        {text.trim()}
        {after}
      </div>
    );
  }
  const last = blocks.at(-1);
  return (
    <div className="words" data-words="">
      {blocks.map((block, index) => (
        <BlockPart key={index} block={block} me={me} after={block === last && block.kind === 'paragraph' ? after : undefined} />
      ))}
      {last?.kind !== 'paragraph' && after}
    </div>
  );
});

function BlockPart({ block, me, after }: { block: Block; me: string | null; after?: ReactNode }) {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p dir="auto">
          <Inlines nodes={block.children} me={me} />
          {after}
        </p>
      );
    case 'code':
      return (
        // Focusable, so that the keys scroll it sideways.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <pre dir="ltr" tabIndex={0} role="region" aria-label="Code">
          <code>{calm(block.text)}</code>
        </pre>
      );
    case 'quote':
      return (
        <blockquote dir="auto">
          <Blocks blocks={block.children} me={me} />
        </blockquote>
      );
    case 'list': {
      const items = block.items.map(({ number, children }, index) => (
        <li key={index} value={number ?? undefined}>
          <Blocks blocks={children} me={me} />
        </li>
      ));
      return block.ordered ? <ol dir="auto">{items}</ol> : <ul dir="auto">{items}</ul>;
    }
  }
}

function Blocks({ blocks, me }: { blocks: readonly Block[]; me: string | null }) {
  return blocks.map((block, index) => <BlockPart key={index} block={block} me={me} />);
}

function Inlines({ nodes, me }: { nodes: readonly Inline[]; me: string | null }) {
  return nodes.map((node, index) => <InlinePart key={index} node={node} me={me} />);
}

function InlinePart({ node, me }: { node: Inline; me: string | null }) {
  switch (node.kind) {
    case 'text':
      return <Fragment>{calm(node.text)}</Fragment>;
    case 'code':
      return <code>{calm(node.text)}</code>;
    case 'mention':
      return (
        <span className="mention" data-own={node.id === me}>
          @{calm(node.name)}
        </span>
      );
    case 'link':
      return (
        <a href={node.href} target="_blank" rel="noopener noreferrer nofollow" title={node.href}>
          <Inlines nodes={node.children} me={me} />
        </a>
      );
    case 'strong':
      return (
        <strong>
          <Inlines nodes={node.children} me={me} />
        </strong>
      );
    case 'em':
      return (
        <em>
          <Inlines nodes={node.children} me={me} />
        </em>
      );
    case 'strike':
      return (
        <s>
          <Inlines nodes={node.children} me={me} />
        </s>
      );
  }
}
