/** How long one does not want to hear of a conversation. */

import { timeOf } from '../format';

export interface Mute {
  label: string;
  until: (now: Date) => Date;
}

const HOUR_MS = 3_600_000;
const MORNING_HOUR = 9;
/** Whatever lies beyond it counts as for ever. */
const FOR_EVER_YEAR = 9000;

export const MUTES: readonly Mute[] = [
  { label: 'For 1 hour', until: (now) => later(now, HOUR_MS) },
  { label: 'For 8 hours', until: (now) => later(now, 8 * HOUR_MS) },
  { label: 'Until tomorrow, 9:00', until: (now) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, MORNING_HOUR) },
  { label: 'For a week', until: (now) => later(now, 7 * 24 * HOUR_MS) },
  { label: 'Until I turn it on again', until: () => new Date(Date.UTC(9999, 0, 1)) },
];

/** `mutedUntil` lies in the future. */
export function mutedWords(mutedUntil: string, now: Date): string {
  const until = new Date(mutedUntil);
  if (until.getFullYear() >= FOR_EVER_YEAR) return 'Muted';
  const sameDay = until.toDateString() === now.toDateString();
  return `Muted until ${sameDay ? timeOf(mutedUntil) : `${dayOf(until, now)}, ${timeOf(mutedUntil)}`}`;
}

function later(now: Date, ms: number): Date {
  return new Date(now.getTime() + ms);
}

const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const date = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

function dayOf(until: Date, now: Date): string {
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  if (until.toDateString() === tomorrow.toDateString()) return 'tomorrow';
  return until.getTime() - now.getTime() < 6 * 24 * HOUR_MS ? weekday.format(until) : date.format(until);
}
