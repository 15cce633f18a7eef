/**
 * One line of thought into its parts: marks, code, links, mentions. One pass from left to right; every place is looked at
 * a fixed number of times, whatever it holds. Marks nest at most once each.
 */

import { append, type Inline, type Mark, type Mention } from './ast';
import { charAfter, charBefore, mayClose, mayOpen } from './flanks';
import { bareAddress, labelledAddress, mailAddress } from './links';

/** `*` and `_` mean the same and do not close each other. */
type Delimiter = Mark | 'em_';

interface MarkToken {
  delimiter: Delimiter;
  source: string;
  role: 'open' | 'close' | null;
}

type Token = Inline | MarkToken;

const SPECIAL = /[`*_~[@]|(?<![\p{L}\p{N}_])(?:https?:\/\/|mailto:)/giu;
const DELIMITERS: Record<string, readonly { delimiter: Delimiter; source: string }[] | undefined> = {
  '*': [{ delimiter: 'em', source: '*' }],
  '**': [{ delimiter: 'strong', source: '**' }],
  '***': [
    { delimiter: 'strong', source: '**' },
    { delimiter: 'em', source: '*' },
  ],
  _: [{ delimiter: 'em_', source: '_' }],
  '~~': [{ delimiter: 'strike', source: '~~' }],
};

export function parseInline(text: string, mentions: readonly Mention[]): Inline[] {
  return nested(new Scan(text, longestFirst(mentions)).tokens());
}

class Scan {
  private readonly out: Token[] = [];
  private readonly open = new Map<Delimiter, { token: MarkToken; index: number }>();
  private readonly ticks: Map<string, number[]>;
  private from = 0;

  constructor(
    private readonly text: string,
    private readonly mentions: readonly Mention[],
    private readonly linked = true,
  ) {
    this.ticks = tickRuns(text);
  }

  tokens(): Token[] {
    const special = new RegExp(SPECIAL);
    for (let match = special.exec(this.text); match !== null; match = special.exec(this.text)) {
      special.lastIndex = this.take(match[0], match.index);
    }
    this.textUntil(this.text.length);
    return this.out;
  }

  /** Where to go on. */
  private take(char: string, at: number): number {
    if (char === '`') return this.code(at);
    if (char === '*' || char === '_' || char === '~') return this.marks(char, at);
    if (char === '@') return this.mention(at) ?? (this.linked ? this.mail(at) : null) ?? at + 1;
    if (!this.linked) return at + 1;
    return char === '[' ? this.labelled(at) : this.bare(at);
  }

  private code(at: number): number {
    const run = runAt(this.text, at, '`');
    const start = at + run.length;
    const closers = this.ticks.get(run) ?? [];
    while ((closers.at(-1) ?? Infinity) < start) closers.pop();
    const end = closers.at(-1);
    if (end === undefined) return start;
    return this.node(at, end + run.length, { kind: 'code', text: unpadded(this.text.slice(start, end)) });
  }

  private marks(char: string, at: number): number {
    const run = runAt(this.text, at, char);
    const end = at + run.length;
    const delimiters = DELIMITERS[run];
    if (delimiters === undefined) return end;
    const before = charBefore(this.text, at);
    const after = charAfter(this.text, end);
    const closing = mayClose(before, after) && delimiters.some(({ delimiter }) => this.open.has(delimiter));
    if (!closing && !mayOpen(before, after)) return end;
    this.textUntil(at);
    for (const { delimiter, source } of closing ? innermostFirst(delimiters, this.open) : delimiters) {
      const token: MarkToken = { delimiter, source, role: null };
      if (closing) this.close(token);
      else this.open.set(delimiter, { token, index: this.out.length });
      this.out.push(token);
    }
    this.from = end;
    return end;
  }

  /** What was opened in between and is still open never closes. */
  private close(token: MarkToken): void {
    const opener = this.open.get(token.delimiter);
    if (opener === undefined) return;
    opener.token.role = 'open';
    token.role = 'close';
    for (const [delimiter, { index }] of this.open) {
      if (index >= opener.index) this.open.delete(delimiter);
    }
  }

  private mention(at: number): number | null {
    if (/[\p{L}\p{N}_]/u.test(charBefore(this.text, at))) return null;
    const found = this.mentions.find(
      ({ name }) => this.text.startsWith(name, at + 1) && !/[\p{L}\p{N}_]/u.test(charAfter(this.text, at + 1 + name.length)),
    );
    return found ? this.node(at, at + 1 + found.name.length, { kind: 'mention', id: found.id, name: found.name }) : null;
  }

  private mail(at: number): number | null {
    const found = mailAddress(this.text, this.from, at);
    if (!found?.href) return null;
    return this.node(found.start, found.end, { kind: 'link', href: found.href, children: [{ kind: 'text', text: found.text }] });
  }

  private bare(at: number): number {
    const found = bareAddress(this.text, at);
    if (found === null) return at + 1;
    if (found.href === null) return Math.max(found.end, at + 1);
    return this.node(at, found.end, { kind: 'link', href: found.href, children: [{ kind: 'text', text: found.text }] });
  }

  private labelled(at: number): number {
    const found = labelledAddress(this.text, at);
    if (found === null) return at + 1;
    const children = nested(new Scan(found.label, [], false).tokens());
    return this.node(at, found.end, { kind: 'link', href: found.href, children });
  }

  private node(start: number, end: number, node: Inline): number {
    this.textUntil(start);
    this.out.push(node);
    this.from = end;
    return end;
  }

  private textUntil(at: number): void {
    if (at > this.from) this.out.push({ kind: 'text', text: this.text.slice(this.from, at) });
    this.from = at;
  }
}

/** Pairs of marks into a tree. They come well nested; an `em` in an `em` says nothing new. */
function nested(tokens: readonly Token[]): Inline[] {
  const root: Inline[] = [];
  const stack: { mark: Mark | null; children: Inline[] }[] = [{ mark: null, children: root }];
  const top = () => stack.at(-1)?.children ?? root;
  for (const token of tokens) {
    if ('kind' in token) append(top(), token);
    else if (token.role === null) append(top(), { kind: 'text', text: token.source });
    else if (token.role === 'open') stack.push({ mark: token.delimiter === 'em_' ? 'em' : token.delimiter, children: [] });
    else {
      const done = stack.pop();
      if (done?.mark) wrap(top(), done.mark, done.children, stack.some(({ mark }) => mark === done.mark));
    }
  }
  return root;
}

function wrap(into: Inline[], mark: Mark, children: Inline[], within: boolean): void {
  if (within) for (const child of children) append(into, child);
  else into.push({ kind: mark, children });
}

function innermostFirst(delimiters: readonly { delimiter: Delimiter; source: string }[], open: ReadonlyMap<Delimiter, { index: number }>) {
  const depth = ({ delimiter }: { delimiter: Delimiter }) => open.get(delimiter)?.index ?? -1;
  return [...delimiters].sort((a, b) => depth(b) - depth(a));
}

/** Runs of backticks → where each of that length begins, the last one first. */
function tickRuns(text: string): Map<string, number[]> {
  const runs = new Map<string, number[]>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const same = runs.get(run);
    if (same) same.push(index);
    else runs.set(run, [index]);
  }
  for (const starts of runs.values()) starts.reverse();
  return runs;
}

function runAt(text: string, at: number, char: string): string {
  let end = at;
  while (text[end] === char) end += 1;
  return text.slice(at, end);
}

/** One space on both sides is only there to keep a backtick apart. */
function unpadded(code: string): string {
  return code.startsWith(' ') && code.endsWith(' ') && code.trim() !== '' ? code.slice(1, -1) : code;
}

function longestFirst(mentions: readonly Mention[]): Mention[] {
  return mentions.filter(({ name }) => name !== '').sort((a, b) => b.name.length - a.name.length);
}
