// @vitest-environment jsdom
/** Asking, what is shown of a hit, and what one searched for lately. */

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { isAsked, NOTHING_ASKED, queryOf, whenWords, type Ask } from '../../src/app/search/ask';
import { forgetSearches, recentSearches, rememberSearch } from '../../src/app/search/recent';
import { snippetOf } from '../../src/app/search/snippet';
import { MessagingError, Searching } from '../../src/client';
import { until } from '../server/until';

const TODAY = new Date(2026, 4, 12, 15, 30);
const asked = (more: Partial<Ask>) => queryOf({ ...NOTHING_ASKED, ...more }, TODAY);

describe('a question', () => {
  test('takes words and filters, and days as this device has them', () => {
    expect(asked({ q: '  steel ', person: { id: 'ana', name: 'Ana' }, conversation: { id: 'c', name: 'Ana' }, files: true, sort: 'newest' })).toEqual({
      q: 'steel',
      from: 'ana',
      conversationId: 'c',
      hasAttachments: true,
      sort: 'newest',
    });
    expect(asked({ when: { kind: 'days', days: 7 } })).toEqual({ after: new Date(2026, 4, 6).toISOString() });
    expect(asked({ when: { kind: 'dates', from: '2026-05-01', to: '2026-05-03' } })).toEqual({
      after: new Date(2026, 4, 1).toISOString(),
      before: new Date(2026, 4, 4).toISOString(),
    });
  });

  test('is none without words or a filter, and a date that is not whole is none', () => {
    expect(isAsked(asked({}))).toBe(false);
    expect(isAsked(asked({ q: '  ' }))).toBe(false);
    expect(isAsked(asked({ conversation: { id: 'c', name: 'Ana' }, sort: 'newest' }))).toBe(false);
    expect(isAsked(asked({ when: { kind: 'dates', from: '', to: '' } }))).toBe(false);
    expect(isAsked(asked({ when: { kind: 'dates', from: '0002-01-01', to: '' } }))).toBe(false);
    expect(isAsked(asked({ files: true }))).toBe(true);
  });

  test('says its time', () => {
    expect(whenWords({ kind: 'days', days: 1 })).toBe('Today');
    expect(whenWords({ kind: 'dates', from: '', to: '' })).toBe('Dates…');
    expect(whenWords({ kind: 'dates', from: '2026-05-01', to: '' })).toMatch(/^Since .*2026/);
  });
});

describe('a snippet', () => {
  const text = (parts: ReturnType<typeof snippetOf>) => parts.map(({ text: words, hit }) => (hit ? `[${words}]` : words)).join('');

  test('lights what was met, in one line', () => {
    expect(text(snippetOf('The steel\ncoil', [{ start: 4, end: 9 }]))).toBe('The [steel] coil');
  });

  test('begins at a word shortly before what was met, and is cut after it', () => {
    const content = `${'before '.repeat(40)}steel ${'after '.repeat(40)}`;
    const start = content.indexOf('steel');
    const shown = text(snippetOf(content, [{ start, end: start + 5 }]));
    expect(shown).toMatch(/^…before (before )*\[steel\] after .*…$/);
    expect(shown.length).toBeLessThan(200);
  });

  test('keeps markup as text and passes over places that are not there', () => {
    expect(text(snippetOf('<b>x</b>', [{ start: 3, end: 4 }, { start: 7, end: 99 }]))).toBe('<b>[x]</b>');
  });

  test('of any text and any places breaks no character and shows nothing that is not in the text', () => {
    const places = fc.array(fc.tuple(fc.nat(400), fc.nat(400)));
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), places, (content, pairs) => {
        const highlights = pairs.map(([start, end]) => ({ start, end })).sort((a, b) => a.start - b.start);
        const parts = snippetOf(content, highlights);
        const shown = parts.map((part) => part.text).join('');
        const edges = shown.replace(/^…|…$/g, '');
        expect(content.replace(/\s+/gu, ' ')).toContain(edges.trim());
        // It throws at half a character.
        expect(() => encodeURIComponent(edges)).not.toThrow();
      }),
    );
  });
});

describe('recent searches', () => {
  beforeEach(() => localStorage.clear());

  test('are the last eight, each once, of one person', () => {
    for (const q of ['a', 'b', ' a ', '', 'c', 'd', 'e', 'f', 'g', 'h']) rememberSearch('me', q);
    expect(recentSearches('me')).toEqual(['h', 'g', 'f', 'e', 'd', 'c', 'a', 'b']);
    rememberSearch('me', 'i');
    expect(recentSearches('me')).toHaveLength(8);
    expect(recentSearches('you')).toEqual([]);
    forgetSearches('me');
    expect(recentSearches('me')).toEqual([]);
  });

  test('that are none of ours are none', () => {
    localStorage.setItem('stockent.searches.me', '{"a":1}');
    expect(recentSearches('me')).toEqual([]);
    localStorage.setItem('stockent.searches.me', 'no json');
    expect(recentSearches('me')).toEqual([]);
    localStorage.setItem('stockent.searches.me', '["a",1]');
    expect(recentSearches('me')).toEqual(['a']);
  });
});

describe('a question that is refused', () => {
  const searching = new Searching({
    request: <T>(_method: string, _path: string, { query }: { query?: object }) =>
      query && 'q' in query && query.q === '-x'
        ? Promise.reject<T>(new MessagingError('invalid', 'expected a word', { retryable: false }))
        : Promise.resolve({ items: [{}], nextCursor: 'more' } as T),
  });
  afterEach(() => searching.cancel());

  test('leaves nothing of the question before, so trying again cannot page on in that', async () => {
    searching.ask({ q: 'steel' });
    await until('the hits', () => searching.state.get().status === 'loaded');
    expect(searching.state.get().hits).toHaveLength(1);
    searching.ask({ q: '-x' });
    await until('the refusal', () => searching.state.get().status === 'failed');
    expect(searching.state.get()).toEqual({ status: 'failed', hits: [], hasMore: false, error: 'expected a word' });
  });
});
