/** Which emoji one uses, and in which skin tone: kept in this browser. */

import type { SkinTone } from 'frimousse';

const KEY = 'stockent.emoji';
const AT_MOST = 24;
const TONES: readonly SkinTone[] = ['none', 'light', 'medium-light', 'medium', 'medium-dark', 'dark'];

/** For those who have used none yet. */
const FIRST = ['👍', '❤️', '😂', '🎉', '🙏', '👀'];

interface Used {
  /** The latest first, with how often. */
  emoji: [emoji: string, times: number][];
  tone: SkinTone;
}

export function recentEmoji(): string[] {
  return read().emoji.map(([emoji]) => emoji);
}

/** The most used first, filled up with what most people use. */
export function frequentEmoji(count: number): string[] {
  const mine = [...read().emoji].sort((a, b) => b[1] - a[1]).map(([emoji]) => emoji);
  return [...new Set([...mine, ...FIRST])].slice(0, count);
}

export function noteEmoji(emoji: string): void {
  const used = read();
  const times = used.emoji.find(([other]) => other === emoji)?.[1] ?? 0;
  const others = used.emoji.filter(([other]) => other !== emoji);
  write({ ...used, emoji: [[emoji, times + 1] as [string, number], ...others].slice(0, AT_MOST) });
}

export function skinTone(): SkinTone {
  return read().tone;
}

export function keepSkinTone(tone: SkinTone): void {
  write({ ...read(), tone });
}

function read(): Used {
  try {
    const { emoji, tone } = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Record<keyof Used, unknown>>;
    return {
      emoji: Array.isArray(emoji) ? emoji.filter(isUse).slice(0, AT_MOST) : [],
      tone: TONES.find((known) => known === tone) ?? 'none',
    };
  } catch {
    return { emoji: [], tone: 'none' };
  }
}

function isUse(entry: unknown): entry is [string, number] {
  return Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
}

function write(used: Used): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(used));
  } catch {
    // Then it is forgotten with the page.
  }
}
