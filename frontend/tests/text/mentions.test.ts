/** Who is meant by what stands behind an `@`. */

import { expect, test } from 'vitest';

import { insertion, matching, mentionedIn, queryAt, removal } from '../../src/app/text/mentions';

const PEOPLE = ['Ana Lima', 'Ana', 'Çağla Işık', 'Jean-Luc Picard', 'Ben Ana'].map((name, index) => ({ id: String(index), name }));
const names = (query: string) => matching(PEOPLE, query).map(({ name }) => name);

test('a query is what stands between an @ and the caret', () => {
  expect(queryAt('hi @an', 6)).toEqual({ from: 3, text: 'an' });
  expect(queryAt('@', 1)).toEqual({ from: 0, text: '' });
  expect(queryAt('(@Ana L and', 7)).toEqual({ from: 1, text: 'Ana L' });
  for (const [text, caret] of [['a@b', 3], ['@ a', 3], ['@a\nb', 4], ['none', 4], ['@an', 0], [`@${'a'.repeat(60)}`, 61]] as const) expect(queryAt(text, caret)).toBeNull();
});

test('the beginning of a name counts before the beginning of another word of it', () => {
  expect(names('an')).toEqual(['Ana Lima', 'Ana', 'Ben Ana']);
  expect(names('pic')).toEqual(['Jean-Luc Picard']);
  expect(names('')).toHaveLength(5);
  expect(names('x')).toEqual([]);
});

test('accents and case make no difference', () => {
  expect(names('cagla isik')).toEqual(['Çağla Işık']);
  expect(names('ÇAĞ')).toEqual(['Çağla Işık']);
});

test('the name goes in with one space behind it', () => {
  const query = { from: 3, text: 'an' };
  expect(insertion(query, { id: '1', name: 'Ana' }, '')).toEqual({ from: 3, to: 6, insert: '@Ana ', start: 8, end: 8 });
  expect(insertion(query, { id: '1', name: 'Ana' }, ' x').insert).toBe('@Ana');
});

test('going back over a name takes all of it', () => {
  expect(removal('hi @Ana Lima', 12, PEOPLE)).toEqual({ from: 3, to: 12, insert: '', start: 3, end: 3 });
  expect(removal('hi @Ana Lim', 11, PEOPLE)).toBeNull();
});

test('those are mentioned who are named in the text as it is sent', () => {
  expect(mentionedIn('**@Ana Lima** and\n- @Ana, @Ana\n> `@Ben Ana`', PEOPLE)).toEqual(['0', '1']);
  expect(mentionedIn('@Anabel', PEOPLE)).toEqual([]);
});
