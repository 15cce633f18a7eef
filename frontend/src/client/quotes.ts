/** Quotes, shown as the messages are now that they quote: the server does so, and what is held here follows. */

import type { Change } from './model';
import type { Message, Quote } from './wire';

/** As the server cuts it. */
const QUOTED_CHARS = 200;

export function quoteOf({ id, seq, sender, type, content, deletedAt }: Message): Quote {
  const beginning = content.length <= QUOTED_CHARS ? content : Array.from(content).slice(0, QUOTED_CHARS).join('');
  return { messageId: id, seq, sender: { id: sender.id, name: sender.name }, type, content: beginning, deleted: deletedAt !== null };
}

/** A quote after a change of what it quotes; the same object where nothing shows. */
export function followed(quote: Quote, change: Change): Quote {
  switch (change.kind) {
    case 'created':
      return quote;
    case 'updated':
      return change.message.id === quote.messageId ? sameOr(quote, quoteOf(change.message)) : quote;
    case 'deleted':
      return change.deletion.messageId === quote.messageId ? sameOr(quote, { ...quote, content: '', deleted: true }) : quote;
  }
}

/** Whatever holds a quote. */
export function withQuote<T extends { replyTo: Quote | null }>(quoting: T, change: Change): T {
  if (quoting.replyTo === null) return quoting;
  const replyTo = followed(quoting.replyTo, change);
  return replyTo === quoting.replyTo ? quoting : { ...quoting, replyTo };
}

/** The same list where no quote in it changes. */
export function withQuotes<T extends { replyTo: Quote | null }>(quoting: readonly T[], change: Change): readonly T[] {
  if (change.kind === 'created' || !quoting.some((each) => withQuote(each, change) !== each)) return quoting;
  return quoting.map((each) => withQuote(each, change));
}

function sameOr(before: Quote, now: Quote): Quote {
  return before.content === now.content && before.deleted === now.deleted && before.type === now.type ? before : now;
}
