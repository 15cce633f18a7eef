/** What the picker shows: the emoji that this device draws, those used last before all others. */

import type { EmojiData, SkinTone } from 'frimousse';
import data from 'virtual:emoji-data';

import { drawing, newestDrawn } from './drawn';

type Entry = EmojiData['emojis'][number];

const RECENT = -1;
const SKIN_TONES: Record<Exclude<SkinTone, 'none'>, string> = {
  light: 'Light skin tone',
  'medium-light': 'Medium-light skin tone',
  medium: 'Medium skin tone',
  'medium-dark': 'Medium-dark skin tone',
  dark: 'Dark skin tone',
};

export function emojiData(recent: readonly string[], draws = drawing()): EmojiData {
  const emojis = drawable(draws);
  const entries = new Map(emojis.flatMap((entry) => [entry.emoji, ...Object.values(entry.skins ?? {})].map((emoji) => [emoji, entry])));
  const used = recent.flatMap((emoji): Entry[] => {
    const entry = entries.get(emoji);
    return entry ? [{ emoji, label: entry.label, category: RECENT, version: entry.version, tags: entry.tags }] : [];
  });
  const categories = data.groups.map(([index, name]) => ({ index, label: capital(name) }));
  return { locale: 'en', emojis: [...used, ...emojis], categories: [{ index: RECENT, label: 'Recently used' }, ...categories], skinTones: SKIN_TONES };
}

function drawable(draws: ((emoji: string) => boolean) | null): Entry[] {
  const samples = new Map<number, string>();
  for (const [emoji, , , version] of data.emoji) if (!samples.has(version)) samples.set(version, emoji);
  const newest = newestDrawn(samples, draws);
  const flags = draws?.('🇪🇺') ?? true;
  return data.emoji.filter(([, , , version, , flag]) => version <= newest && (flag === 0 || flags)).map(entryOf);
}

function entryOf([emoji, label, category, version, tags, , light, mediumLight, medium, mediumDark, dark]: (typeof data.emoji)[number]): Entry {
  const plain = { emoji, label: capital(label), category, version, tags: tags.split(' ') };
  if (light === undefined || mediumLight === undefined || medium === undefined || mediumDark === undefined || dark === undefined) return plain;
  return { ...plain, skins: { light, 'medium-light': mediumLight, medium, 'medium-dark': mediumDark, dark } };
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
