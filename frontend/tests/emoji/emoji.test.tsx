// @vitest-environment jsdom
/** The emoji to choose from: what the build made of the data, the picker by key, and what it remembers. */

import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { newestDrawn } from '../../src/app/emoji/drawn';
import { emojiData } from '../../src/app/emoji/emojiData';
import EmojiPicker from '../../src/app/emoji/EmojiPicker';
import { QuickReactions } from '../../src/app/emoji/QuickReactions';
import { frequentEmoji, keepSkinTone, noteEmoji, recentEmoji, skinTone } from '../../src/app/emoji/used';

class Unmoving {
  observe() {
    return undefined;
  }
  disconnect() {
    return undefined;
  }
}

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  vi.stubGlobal('ResizeObserver', Unmoving);
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  // jsdom lays nothing out, and the picker draws only rows that would be seen.
  vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(36);
  vi.spyOn(HTMLElement.prototype, 'offsetWidth', 'get').mockReturnValue(340);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('data', () => {
  test('every emoji has a name, words and a category that has a name', () => {
    const { emojis, categories } = emojiData([], null);
    expect(emojis.length).toBeGreaterThan(1_800);
    const known = new Set(categories.map(({ index }) => index));
    expect(emojis.filter(({ emoji, label, category }) => emoji === '' || label === '' || !known.has(category))).toEqual([]);
    expect(emojis.find(({ emoji }) => emoji === '👋')?.skins?.dark).toBe('👋🏿');
  });

  test('the ones used last come first, in the tone they were used in', () => {
    const { emojis } = emojiData(['👋🏿', '🎉', 'no emoji'], null);
    expect(emojis.slice(0, 2).map(({ emoji, label }) => [emoji, label])).toEqual([
      ['👋🏿', 'Waving hand'],
      ['🎉', 'Party popper'],
    ]);
  });

  test('what this device cannot draw is not there', () => {
    const { emojis } = emojiData([], (emoji) => !['🫩', '🇪🇺'].includes(emoji));
    expect(emojis.some(({ emoji }) => emoji === '🇩🇪')).toBe(false);
    expect(Math.max(...emojis.map(({ version }) => version))).toBeGreaterThan(13);
    expect(newestDrawn(new Map([[1, 'a'], [2, 'b'], [3, 'c']]), (sample) => sample === 'b')).toBe(2);
    expect(newestDrawn(new Map([[1, 'a'], [2, 'b']]), null)).toBe(2);
  });
});

describe('memory', () => {
  test('the most used are at hand, filled up with those that most people use', () => {
    noteEmoji('🚀');
    noteEmoji('🚀');
    noteEmoji('🌵');
    expect(frequentEmoji(3)).toEqual(['🚀', '🌵', '👍']);
    expect(recentEmoji()).toEqual(['🌵', '🚀']);
    for (let index = 0; index < 100; index += 1) noteEmoji(String.fromCodePoint(0x1f300 + index));
    expect(recentEmoji().length).toBeLessThan(50);
  });

  test('the skin tone stays', () => {
    keepSkinTone('medium');
    expect(skinTone()).toBe('medium');
  });

  test('nonsense in the storage is nothing', () => {
    for (const nonsense of ['{', '{"emoji":5,"tone":"blue"}', '{"emoji":[1,["a"],["🚀",1]]}', 'null']) {
      localStorage.setItem('stockent.emoji', nonsense);
      expect(skinTone()).toBe('none');
      expect(recentEmoji().filter((emoji) => emoji !== '🚀')).toEqual([]);
    }
  });
});

describe('the picker', () => {
  function picker() {
    const heard = { picked: [] as string[], closed: 0 };
    render(<EmojiPicker onPick={(emoji) => heard.picked.push(emoji)} onClose={() => (heard.closed += 1)} />);
    return { heard, user: userEvent.setup() };
  }

  test('opens in its search, finds by a word, and Enter chooses', async () => {
    const { heard, user } = picker();
    const search = screen.getByRole('searchbox', { name: 'Search emoji' });
    expect(document.activeElement).toBe(search);
    await waitFor(() => expect(screen.getAllByRole('gridcell').length).toBeGreaterThan(5));
    await user.type(search, 'party popper');
    await waitFor(() => expect(screen.getAllByRole('gridcell').map((cell) => cell.textContent)).toEqual(['🎉']));
    await user.keyboard('{Enter}');
    expect(heard.picked).toEqual(['🎉']);
    expect(recentEmoji()).toEqual(['🎉']);
  });

  test('the skin tone changes what is chosen, and is kept', async () => {
    const { heard, user } = picker();
    await user.click(screen.getByRole('button', { name: /Skin tone: default/ }));
    expect(skinTone()).toBe('light');
    await user.type(screen.getByRole('searchbox'), 'waving hand');
    await waitFor(() => expect(screen.getAllByRole('gridcell')[0]?.textContent).toBe('👋🏻'));
    await user.keyboard('{Enter}');
    expect(heard.picked).toEqual(['👋🏻']);
  });

  test('nothing found is said; Escape closes, and so does a press elsewhere', async () => {
    const { heard, user } = picker();
    await waitFor(() => expect(screen.getAllByRole('gridcell').length).toBeGreaterThan(5));
    await user.type(screen.getByRole('searchbox'), 'zzzz');
    expect(await screen.findByText('No emoji for “zzzz”')).toBeDefined();
    await user.keyboard('{Escape}');
    expect(heard.closed).toBe(1);
    await user.click(document.body);
    expect(heard.closed).toBe(2);
  });
});

test('the quick bar reacts at once, shows what one gave, and leads to all others', async () => {
  const heard = { reacted: [] as string[], more: 0 };
  const user = userEvent.setup();
  render(<QuickReactions given={['👍']} onReact={(emoji) => heard.reacted.push(emoji)} onMore={() => (heard.more += 1)} />);
  const bar = screen.getByRole('toolbar', { name: 'React' });
  expect(bar.querySelectorAll('button')).toHaveLength(7);
  expect(screen.getByRole('button', { name: 'React with 👍' }).getAttribute('aria-pressed')).toBe('true');
  await user.click(screen.getByRole('button', { name: 'React with 👍' }));
  await user.keyboard('{ArrowRight}{Enter}{ArrowLeft}{ArrowLeft}{Enter}');
  expect(heard).toEqual({ reacted: ['👍', '❤️'], more: 1 });
});
