// @vitest-environment jsdom
/** Drafts, in a browser's storage that tabs share. */

import { beforeEach, describe, expect, test } from 'vitest';

import { Drafts, MAX_DRAFT_CHARS, MAX_DRAFTS, NO_DRAFT, quoteOf } from '../src/client';
import { message } from './make';

beforeEach(() => {
  localStorage.clear();
});

let clock = 0;

function tab(userId = 'ana'): Drafts {
  const drafts = new Drafts(localStorage, () => (clock += 1));
  drafts.open(userId);
  return drafts;
}

/** What a browser tells the other tabs. */
function tellTabs(key: string): void {
  window.dispatchEvent(new StorageEvent('storage', { key, newValue: localStorage.getItem(key), storageArea: localStorage }));
}

describe('a draft', () => {
  test('waits for its own writer in its own conversation, with its reply and the people it names', () => {
    const replyTo = quoteOf(message(1));
    tab().set('c1', { text: 'unfinished @ben', mentions: ['ben'], replyTo });
    expect(tab().get('c1')).toEqual({ text: 'unfinished @ben', mentions: ['ben'], replyTo });
    expect(tab().get('c2')).toBe(NO_DRAFT);
    expect(tab('ben').get('c1')).toBe(NO_DRAFT);
  });

  test('is changed in parts, and without text and reply it is none', () => {
    const drafts = tab();
    drafts.set('c', { text: 'hello' });
    drafts.set('c', { replyTo: quoteOf(message(1)) });
    expect(drafts.get('c')).toMatchObject({ text: 'hello', replyTo: { messageId: 'm1' } });
    drafts.set('c', { text: ' ' });
    drafts.set('c', { replyTo: null });
    expect(drafts.get('c')).toBe(NO_DRAFT);
    expect(localStorage).toHaveLength(0);
  });

  test('is the same object until it changes', () => {
    const drafts = tab();
    drafts.set('c', { text: 'hello' });
    const before = drafts.get('c');
    drafts.set('d', { text: 'other' });
    expect(drafts.get('c')).toBe(before);
  });

  test('of another tab arrives, and the last writer wins', () => {
    const [one, two] = [tab(), tab()];
    one.set('c', { text: 'from one' });
    tellTabs('stockent.draft/ana/c');
    expect(two.get('c').text).toBe('from one');
    two.set('c', { text: 'from two' });
    tellTabs('stockent.draft/ana/c');
    expect(one.get('c').text).toBe('from two');
    two.clear('c');
    tellTabs('stockent.draft/ana/c');
    expect(one.get('c')).toBe(NO_DRAFT);
    one.close();
    two.close();
  });

  test('written before it was known who writes is theirs', () => {
    const drafts = new Drafts(localStorage);
    drafts.set('c', { text: 'early' });
    expect(localStorage).toHaveLength(0);
    drafts.open('ana');
    expect(tab().get('c').text).toBe('early');
  });

  test('that is damaged is none', () => {
    for (const [id, text] of Object.entries({ a: 'plain', b: '{"text": 7}', c: '{"text": "kept", "mentions": 3, "replyTo": {}}' })) localStorage.setItem(`stockent.draft/ana/${id}`, text);
    expect([...tab().all.get()]).toEqual([['c', { ...NO_DRAFT, text: 'kept' }]]);
  });

  test('is nobody else’s, whose name only begins alike', () => {
    tab('ana.x').set('c', { text: 'not ana’s' });
    expect(tab('ana').all.get().size).toBe(0);
  });

  test('that is too long lasts as long as the page', () => {
    const drafts = tab();
    drafts.set('c', { text: 'x'.repeat(MAX_DRAFT_CHARS) });
    expect(drafts.get('c').text).toHaveLength(MAX_DRAFT_CHARS);
    expect(localStorage).toHaveLength(0);
  });
});

test('of too many drafts the oldest go', () => {
  const drafts = tab();
  for (let n = 0; n < MAX_DRAFTS + 3; n += 1) drafts.set(`c${String(n)}`, { text: `draft ${String(n)}` });
  expect(drafts.all.get().size).toBe(MAX_DRAFTS);
  expect(localStorage).toHaveLength(MAX_DRAFTS);
  expect([drafts.get('c2').text, drafts.get('c3').text]).toEqual(['', 'draft 3']);
});

test('a storage that refuses costs only what a reload would lose', () => {
  const full = { length: 0, key: () => null, getItem: () => null, removeItem: () => undefined, setItem: () => { throw new Error('quota'); } };
  const drafts = new Drafts(full);
  drafts.open('ana');
  drafts.set('c', { text: 'kept here' });
  expect(drafts.get('c').text).toBe('kept here');
});
