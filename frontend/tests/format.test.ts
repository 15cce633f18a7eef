import { describe, expect, test } from 'vitest';

import type { Subject } from '../src/client';
import { countryName, dayName, factsOf, initialsOf, priceOf, shortWhen, toneOf } from '../src/app/format';

const NOW = new Date(2026, 0, 15, 12, 0);

function subject(data: Record<string, unknown>): Subject {
  return { type: 'product', id: 'p', title: 'P', url: null, imageUrl: null, data };
}

function iso(...date: [number, number, number, number?]): string {
  return new Date(...date).toISOString();
}

describe('when', () => {
  test('days near now have names', () => {
    expect(dayName(iso(2026, 0, 15, 1), NOW)).toBe('Today');
    expect(dayName(iso(2026, 0, 14, 23), NOW)).toBe('Yesterday');
    expect(dayName(iso(2026, 0, 12), NOW)).toBe(new Intl.DateTimeFormat(undefined, { weekday: 'long' }).format(new Date(2026, 0, 12)));
    expect(dayName(iso(2024, 5, 1), NOW)).toContain('2024');
  });

  test('a list row shows the time today and the date long ago', () => {
    expect(shortWhen(iso(2026, 0, 15, 9), NOW)).toMatch(/9/);
    expect(shortWhen(iso(2026, 0, 14, 9), NOW)).toBe('Yesterday');
    expect(shortWhen(iso(2024, 5, 1), NOW)).toContain('2024');
  });
});

describe('price', () => {
  test('comes as text, as number with currency and unit, or as an amount of its own', () => {
    expect(priceOf(subject({ price: '3.85 USD / kg' }))).toBe('3.85 USD / kg');
    expect(priceOf(subject({ price: 3.85, currency: 'USD', unit: 'kg' }))).toMatch(/3\.85.*\/ kg$/);
    expect(priceOf(subject({ price: { amount: 12, currency: 'EUR', unit: 'm²' } }))).toMatch(/12.*\/ m²$/);
  });

  test('what is no price is none', () => {
    for (const data of [{}, { price: null }, { price: [1] }, { price: { amount: {} } }]) expect(priceOf(subject(data))).toBeNull();
  });

  test('a currency that does not exist is shown as it was given', () => {
    expect(priceOf(subject({ price: 5, currency: 'nonsense' }))).toBe('5 nonsense');
  });
});

test('facts are the short plain values besides the price', () => {
  const facts = factsOf(subject({ price: 1, unit: 'kg', moq: '5 t', leadTime: 14, nested: { a: 1 } }));
  expect(facts).toEqual([
    { name: 'MOQ', value: '5 t' },
    { name: 'Lead time', value: '14' },
  ]);
});

test('a country may be a code or a name', () => {
  expect(countryName('DE')).toBe('Germany');
  expect(countryName('Germany')).toBe('Germany');
  expect(countryName(null)).toBeNull();
});

test('initials are of the first and the last name, whatever the script', () => {
  expect(initialsOf('Jonas Maria Weber')).toBe('JW');
  expect(initialsOf('李')).toBe('李');
  expect(initialsOf('👩‍🌾 Elif')).toMatch(/E$/);
  expect(initialsOf(' ')).toBe('?');
});

test('the colour of an id is always the same, and ids spread over all of them', () => {
  expect(toneOf('ana', 8)).toBe(toneOf('ana', 8));
  expect(new Set(Array.from({ length: 100 }, (_, index) => toneOf(`user-${index}`, 8))).size).toBe(8);
});
