import { expect, test } from 'vitest';

import { loudnessOf } from '../../src/app/settings/arrival';
import { conversation, ME, message, NOTHING_PERSONAL } from '../make';

const NOW = Date.UTC(2026, 0, 1);
const elsewhere = { me: ME, openId: 'other', attentive: true, now: NOW };
const loud = conversation();
const muted = conversation({ personal: { ...NOTHING_PERSONAL, mutedUntil: new Date(NOW + 1_000).toISOString() } });

test('a message elsewhere is a toast, and a desktop notification for who is not at the page', () => {
  expect(loudnessOf(message(1), loud, elsewhere)).toBe('toast');
  expect(loudnessOf(message(1), loud, { ...elsewhere, attentive: false })).toBe('desktop');
});

test('of what is in view only the screen reader speaks', () => {
  expect(loudnessOf(message(1), loud, { ...elsewhere, openId: 'c' })).toBe('announced');
  expect(loudnessOf(message(1), muted, { ...elsewhere, openId: 'c' })).toBe('announced');
  expect(loudnessOf(message(1), loud, { ...elsewhere, openId: 'c', attentive: false })).toBe('desktop');
});

test('what is muted is silent unless it names the reader, and only as long as it is muted', () => {
  expect(loudnessOf(message(1), muted, elsewhere)).toBe('silent');
  expect(loudnessOf(message(1, { mentions: [ME] }), muted, elsewhere)).toBe('toast');
  expect(loudnessOf(message(1, { mentions: ['you'] }), muted, elsewhere)).toBe('silent');
  expect(loudnessOf(message(1), muted, { ...elsewhere, now: NOW + 2_000 })).toBe('toast');
});

test('events and one’s own words are silent', () => {
  expect(loudnessOf(message(1, { type: 'SYSTEM' }), loud, { ...elsewhere, attentive: false })).toBe('silent');
  expect(loudnessOf(message(1, { sender: { ...message(1).sender, id: ME } }), loud, elsewhere)).toBe('silent');
});
