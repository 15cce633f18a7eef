/** What somebody asks of the search: words and filters, as the page holds them and as the server takes them. */

import type { SearchQuery } from '../../client';

export type When = { kind: 'ever' } | { kind: 'days'; days: number } | { kind: 'dates'; from: string; to: string };

export interface Named {
  id: string;
  name: string;
}

export interface Ask {
  q: string;
  /** Who wrote. */
  person: Named | null;
  conversation: Named | null;
  when: When;
  files: boolean;
  sort: 'relevance' | 'newest';
}

export const NOTHING_ASKED: Ask = { q: '', person: null, conversation: null, when: { kind: 'ever' }, files: false, sort: 'relevance' };

export const PERIODS: readonly { days: number; label: string }[] = [
  { days: 1, label: 'Today' },
  { days: 7, label: 'Last 7 days' },
  { days: 30, label: 'Last 30 days' },
  { days: 365, label: 'Last year' },
];

export function hasFilter({ person, conversation, when, files }: Ask): boolean {
  return person !== null || conversation !== null || files || when.kind !== 'ever';
}

/** Days are those of this device: they begin at its midnight. */
export function queryOf({ q, person, conversation, when, files, sort }: Ask, today: Date): SearchQuery {
  return {
    ...(q.trim() !== '' && { q: q.trim() }),
    ...(person && { from: person.id }),
    ...(conversation && { conversationId: conversation.id }),
    ...(files && { hasAttachments: true }),
    ...boundsOf(when, today),
    ...(sort === 'newest' && { sort }),
  };
}

/** A place to look in and an order are no question yet. */
export function isAsked({ conversationId: _place, sort: _order, ...question }: SearchQuery): boolean {
  return Object.keys(question).length > 0;
}

export function whenWords(when: When): string {
  if (when.kind === 'ever') return 'Any time';
  if (when.kind === 'days') return PERIODS.find(({ days }) => days === when.days)?.label ?? `Last ${when.days} days`;
  const [from, to] = [dayWords(when.from), dayWords(when.to)];
  if (from === null) return to === null ? 'Dates…' : `Until ${to}`;
  return to === null ? `Since ${from}` : from === to ? from : `${from} – ${to}`;
}

function boundsOf(when: When, today: Date): Pick<SearchQuery, 'after' | 'before'> {
  if (when.kind === 'ever') return {};
  if (when.kind === 'days') return { after: midnight(today, 1 - when.days).toISOString() };
  const [from, to] = [dayOf(when.from), dayOf(when.to)];
  return { ...(from && { after: from.toISOString() }), ...(to && { before: midnight(to, 1).toISOString() }) };
}

function midnight(date: Date, days = 0): Date {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
}

/** `yyyy-mm-dd`, as a date field gives it; null for a date that is not whole. */
function dayOf(text: string): Date | null {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  if (year === undefined || Number(year) < 1970) return null;
  return new Date(Number(year), Number(month) - 1, Number(day));
}

const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

function dayWords(text: string): string | null {
  const day = dayOf(text);
  return day && dayFormat.format(day);
}
