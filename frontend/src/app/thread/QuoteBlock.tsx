/** What a message answers: whose words, and their beginning. */

import { personName, type Quote } from '../../client';
import { toneOf } from '../format';
import { quoteWords } from './words';

const TONES = 8;

interface Props {
  quote: Quote;
  me: string | null;
  tabIndex: number;
  onJump: (seq: number) => void;
}

/** Leads to the message. */
export function QuoteBlock({ quote, me, tabIndex, onJump }: Props) {
  return (
    <button type="button" className="quote" data-tone={toneOf(quote.sender.id, TONES)} data-aside="" tabIndex={tabIndex} onClick={() => onJump(quote.seq)}>
      <span className="visually-hidden">In reply to </span>
      <QuoteLines quote={quote} me={me} />
    </button>
  );
}

export function QuoteLines({ quote, me }: { quote: Quote; me: string | null }) {
  return (
    <>
      <span className="quote-name">{quote.sender.id === me ? 'You' : personName(quote.sender)}</span>
      <span className="quote-text" data-deleted={quote.deleted} dir="auto">
        {quoteWords(quote)}
      </span>
    </>
  );
}
