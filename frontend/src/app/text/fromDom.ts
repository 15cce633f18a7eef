/**
 * DOM nodes → blocks: what was copied from a thread, a web page or a word processor. Only reads; what it does not know
 * counts as the text in it, and what is not text (scripts, styles, pictures, fields) counts as nothing.
 */

import { append, type Block, type Inline, type Item, type Mark } from './ast';
import { safeHref } from './links';

/** What nests deeper is taken as the text that it holds. */
const MAX_DEPTH = 60;

const NONE: ReadonlySet<Mark> = new Set();

const IGNORED = new Set(
  'SCRIPT STYLE HEAD TITLE TEMPLATE NOSCRIPT IFRAME OBJECT EMBED SVG MATH IMG PICTURE VIDEO AUDIO CANVAS SELECT TEXTAREA INPUT BUTTON'.split(' '),
);
const BLOCKS = new Set(
  'P DIV SECTION ARTICLE HEADER FOOTER MAIN ASIDE NAV TABLE THEAD TBODY TFOOT TR DL DT DD FIGURE FIGCAPTION ADDRESS FORM FIELDSET DETAILS SUMMARY H1 H2 H3 H4 H5 H6 HR'.split(' '),
);
/** What stands apart from what comes before by an empty line. */
const APART = new Set('P H1 H2 H3 H4 H5 H6 TABLE'.split(' '));
const MARKS: Record<string, Mark | undefined> = {
  B: 'strong',
  STRONG: 'strong',
  H1: 'strong',
  H2: 'strong',
  H3: 'strong',
  H4: 'strong',
  H5: 'strong',
  H6: 'strong',
  TH: 'strong',
  I: 'em',
  EM: 'em',
  CITE: 'em',
  S: 'strike',
  STRIKE: 'strike',
  DEL: 'strike',
};

/** `kept`: line breaks in the text are breaks, as where a thread is drawn. */
export function fromDom(root: Node, { kept = false } = {}): Block[] {
  return inside(root, { marks: NONE, kept, depth: 0 });
}

interface Around {
  marks: ReadonlySet<Mark>;
  /** Line breaks and spaces mean what they are. */
  kept: boolean;
  depth: number;
}

/** Gathers inline parts into paragraphs; breaks that nothing follows are never written. */
class Writer {
  readonly blocks: Block[] = [];
  private line: Inline[] = [];
  private breaks = 0;
  /** A space that waits for what follows it, with the marks it stood in. */
  private space: ReadonlySet<Mark> | null = null;
  private before: ReadonlySet<Mark> = NONE;

  text(raw: string, around: Around): void {
    if (around.kept) {
      raw.split('\n').forEach((part, index) => {
        if (index > 0) this.newline(Infinity);
        if (part !== '') this.put(around.marks, { kind: 'text', text: part });
      });
      return;
    }
    this.collapsed(raw, around, (text) => ({ kind: 'text', text }));
  }

  /** White space counts as one space, and as none at the edges of a line. */
  collapsed(raw: string, around: Around, make: (words: string) => Inline): void {
    const text = raw.replace(/[\s\u00a0]+/g, ' ');
    if (text.startsWith(' ')) this.space ??= around.marks;
    if (text.trim() === '') return;
    this.put(around.marks, make(text.trim()));
    this.space = text.endsWith(' ') ? around.marks : null;
  }

  put(marks: ReadonlySet<Mark>, node: Inline): void {
    if (this.breaks > 0 && this.line.length > 0) append(this.line, { kind: 'text', text: '\n'.repeat(this.breaks) });
    else if (this.space !== null && this.line.length > 0) this.join(common(this.before, this.space, marks), { kind: 'text', text: ' ' });
    this.breaks = 0;
    this.space = null;
    this.before = marks;
    this.join(marks, node);
  }

  /** A line break that was written; several make empty lines, on a web page one at most. */
  newline(most = 2): void {
    this.breaks = Math.min(this.breaks + 1, most);
    this.space = null;
  }

  /** At least so many breaks before what comes. */
  apart(breaks: number): void {
    if (this.line.length > 0) this.breaks = Math.max(this.breaks, breaks);
    this.space = null;
  }

  block(block: Block): void {
    this.flush();
    this.blocks.push(block);
  }

  /** One more item of the list that ends here, or the first of a new one. */
  item(item: Item): void {
    this.flush();
    const last = this.blocks.at(-1);
    const ordered = item.number !== null;
    if (last?.kind === 'list' && last.ordered === ordered) last.items.push(item);
    else this.blocks.push({ kind: 'list', ordered, items: [item] });
  }

  done(): Block[] {
    this.flush();
    return this.blocks;
  }

  private flush(): void {
    if (this.line.length > 0) this.blocks.push({ kind: 'paragraph', children: this.line });
    this.line = [];
    this.breaks = 0;
    this.space = null;
  }

  /** Into the marks that the text before is in already, as far as they are the same. */
  private join(marks: ReadonlySet<Mark>, node: Inline): void {
    const wanted = (['strong', 'em', 'strike'] as const).filter((mark) => marks.has(mark));
    let into = this.line;
    for (const mark of wanted) {
      const last = into.at(-1);
      if (last?.kind === mark) into = last.children;
      else {
        const children: Inline[] = [];
        into.push({ kind: mark, children });
        into = children;
      }
    }
    append(into, node);
  }
}

function common(first: ReadonlySet<Mark>, ...others: ReadonlySet<Mark>[]): ReadonlySet<Mark> {
  return new Set([...first].filter((mark) => others.every((other) => other.has(mark))));
}

function inside(parent: Node, around: Around): Block[] {
  const writer = new Writer();
  walkAll(parent, writer, around);
  return writer.done();
}

function walkAll(parent: Node, writer: Writer, around: Around): void {
  for (const child of parent.childNodes) walk(child, writer, { ...around, depth: around.depth + 1 });
}

function walk(node: Node, writer: Writer, around: Around): void {
  if (node.nodeType === Node.TEXT_NODE) writer.text(node.nodeValue ?? '', around);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  const element = node as Element;
  const tag = element.tagName.toUpperCase();
  const style = element.getAttribute('style') ?? '';
  if (IGNORED.has(tag) || isAside(element, style)) return;
  if (around.depth > MAX_DEPTH) writer.text(element.textContent, around);
  else if (WORD_ITEM.test(style) && tag === 'P') writer.item(wordItem(element, around));
  else walkElement(element, tag, writer, { ...around, marks: marksOf(tag, style, around.marks), kept: around.kept || /white-space:\s*(pre|break-spaces)/i.test(style) });
}

function walkElement(element: Element, tag: string, writer: Writer, around: Around): void {
  switch (tag) {
    case 'BR':
      writer.newline();
      break;
    case 'PRE':
      writer.block({ kind: 'code', info: '', text: element.textContent.replace(/\n$/, '') });
      break;
    case 'BLOCKQUOTE':
      quote(element, writer, around);
      break;
    case 'UL':
    case 'OL':
      list(element, tag === 'OL', writer, around);
      break;
    case 'CODE':
    case 'TT':
    case 'KBD':
    case 'SAMP':
      writer.collapsed(element.textContent, around, (text) => ({ kind: 'code', text }));
      break;
    case 'A':
      link(element, writer, around);
      break;
    default:
      flow(element, tag, writer, around);
  }
}

function flow(element: Element, tag: string, writer: Writer, around: Around): void {
  const breaks = APART.has(tag) ? 2 : BLOCKS.has(tag) ? 1 : 0;
  if (breaks > 0) writer.apart(breaks);
  if ((tag === 'TD' || tag === 'TH') && element.previousElementSibling) writer.put(NONE, { kind: 'text', text: '\t' });
  walkAll(element, writer, around);
  if (breaks > 0) writer.apart(breaks);
}

function quote(element: Element, writer: Writer, around: Around): void {
  const children = inside(element, { ...around, marks: NONE });
  if (children.length > 0) writer.block({ kind: 'quote', children });
}

/** A list right inside a list, as some editors write it, belongs to the item before it. */
function list(element: Element, ordered: boolean, writer: Writer, around: Around): void {
  const items: Item[] = [];
  let number = startOf(element);
  for (const child of element.children) {
    const children = child.tagName === 'LI' ? inside(child, around) : fromChild(child, around);
    const last = items.at(-1);
    if (child.tagName !== 'LI' && last) last.children.push(...children);
    else if (children.length > 0) {
      number = numberOf(child) ?? number;
      items.push({ number: ordered ? number : null, children });
      number += 1;
    }
  }
  if (items.length > 0) writer.block({ kind: 'list', ordered, items });
}

function fromChild(child: Element, around: Around): Block[] {
  const writer = new Writer();
  walk(child, writer, { ...around, depth: around.depth + 1 });
  return writer.done();
}

function link(element: Element, writer: Writer, around: Around): void {
  const href = safeHref(element.getAttribute('href')?.trim() ?? '');
  if (href === null) walkAll(element, writer, around);
  else writer.collapsed(element.textContent, around, (text) => ({ kind: 'link', href, children: [{ kind: 'text', text }] }));
}

/** A word processor's list item is a paragraph that says so in its style, with the number or dot as text before it. */
const WORD_ITEM = /mso-list:\s*l\d/i;
const WORD_MARKER = /mso-list:\s*ignore/i;

function wordItem(element: Element, around: Around): Item {
  const marker = [...element.querySelectorAll('[style]')].find((part) => WORD_MARKER.test(part.getAttribute('style') ?? ''));
  const number = /^\s*(\d{1,9})[.)]/.exec(marker?.textContent ?? '')?.[1];
  return { number: number === undefined ? null : Number(number), children: inside(element, around) };
}

function isAside(element: Element, style: string): boolean {
  return WORD_MARKER.test(style) || /display:\s*none/i.test(style) || element.getAttribute('aria-hidden') === 'true' || element.hasAttribute('data-aside');
}

/** A style speaks louder than its tag: one editor wraps everything in a `b` of normal weight. */
function marksOf(tag: string, style: string, marks: ReadonlySet<Mark>): ReadonlySet<Mark> {
  const own = MARKS[tag];
  const weight = /font-weight:\s*(\w+)/i.exec(style)?.[1]?.toLowerCase();
  const next = new Set(marks);
  if (own) next.add(own);
  if (weight !== undefined && /^(bold|bolder|[6-9]00)$/.test(weight)) next.add('strong');
  else if (weight !== undefined) next.delete('strong');
  if (/font-style:\s*italic/i.test(style)) next.add('em');
  if (/font-style:\s*normal/i.test(style)) next.delete('em');
  if (/text-decoration[\w-]*:[^;]*line-through/i.test(style)) next.add('strike');
  return next;
}

function startOf(list: Element): number {
  return wholeNumber(list.getAttribute('start')) ?? 1;
}

function numberOf(item: Element): number | null {
  return wholeNumber(item.getAttribute('value'));
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}
