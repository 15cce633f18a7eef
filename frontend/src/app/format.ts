/** Times, places, prices and names as people read them, in the browser's language for dates and numbers. */

import type { Subject } from '../client';

const clock = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'long' });
const shortWeekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const longDay = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const withYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

const DAY_MS = 86_400_000;

export function timeOf(iso: string): string {
  return clock.format(new Date(iso));
}

export function fullTimeOf(iso: string): string {
  return full.format(new Date(iso));
}

/** For a list row: today the time, this week the day, else the date. */
export function shortWhen(iso: string, now: Date): string {
  const date = new Date(iso);
  const days = daysBetween(date, now);
  if (days <= 0) return clock.format(date);
  if (days === 1) return 'Yesterday';
  if (days < 7) return shortWeekday.format(date);
  return date.getFullYear() === now.getFullYear() ? dayAndMonth.format(date) : withYear.format(date);
}

/** For a divider between days. */
export function dayName(iso: string, now: Date): string {
  const date = new Date(iso);
  const days = daysBetween(date, now);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days > 1 && days < 7) return weekday.format(date);
  return date.getFullYear() === now.getFullYear() ? longDay.format(date) : withYear.format(date);
}

/** The same for two moments of one local day. */
export function dayKey(iso: string): string {
  const date = new Date(iso);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function daysBetween(date: Date, now: Date): number {
  return Math.round((midnight(now) - midnight(date)) / DAY_MS);
}

function midnight(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/** Countries come as a code or as a name. */
export function countryName(country: string | null): string | null {
  if (country === null || !/^[A-Za-z]{2}$/.test(country)) return country;
  try {
    return new Intl.DisplayNames(['en'], { type: 'region' }).of(country.toUpperCase()) ?? country;
  } catch {
    return country;
  }
}

export function roleName(role: string | null): string | null {
  return role === null ? null : role.charAt(0) + role.slice(1).toLowerCase();
}

/** `subject.data.price`: a text, a number, or an amount with currency and unit. */
export function priceOf(subject: Subject): string | null {
  const price = subject.data?.['price'];
  if (typeof price === 'string' || typeof price === 'number') return withUnit(String(price), subject.data);
  if (typeof price !== 'object' || price === null) return null;
  const { amount, currency, unit } = price as Record<string, unknown>;
  if (typeof amount !== 'number' && typeof amount !== 'string') return null;
  return [money(amount, currency), typeof unit === 'string' ? `/ ${unit}` : ''].join(' ').trim();
}

function withUnit(price: string, data: Subject['data']): string {
  const currency = data?.['currency'];
  const unit = data?.['unit'];
  if (typeof currency !== 'string' && typeof unit !== 'string') return price;
  return [money(price, currency), typeof unit === 'string' ? `/ ${unit}` : ''].join(' ').trim();
}

function money(amount: string | number, currency: unknown): string {
  const value = Number(amount);
  if (typeof currency !== 'string' || !Number.isFinite(value)) return String(amount);
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(value);
  } catch {
    return `${amount} ${currency}`;
  }
}

/** Facts of a subject worth a line: short plain values, the price apart. */
export function factsOf(subject: Subject): { name: string; value: string }[] {
  const hidden = new Set(['price', 'currency', 'unit']);
  return Object.entries(subject.data ?? {})
    .filter(([name, value]) => !hidden.has(name) && ['string', 'number'].includes(typeof value))
    .slice(0, 8)
    .map(([name, value]) => ({ name: sentence(name), value: String(value) }));
}

function sentence(name: string): string {
  const words = name.replace(/([a-z])([A-Z])/g, '$1 $2').replace(/[_-]/g, ' ').trim();
  return words.length <= 3 ? words.toUpperCase() : words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => Array.from(word ?? '')[0] ?? '').join('').toLocaleUpperCase() || '?';
}

/** One of `count` tones, the same for an id for ever. */
export function toneOf(id: string, count: number): number {
  let hash = 2_166_136_261;
  for (const char of id) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 16), 2_246_822_507);
  hash = Math.imul(hash ^ (hash >>> 13), 3_266_489_909);
  return ((hash ^ (hash >>> 16)) >>> 0) % count;
}
