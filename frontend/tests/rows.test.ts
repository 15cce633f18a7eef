import { describe, expect, test } from 'vitest';

import type { Message } from '../src/client';
import { estimateHeight, isSaid, rowsOf, type Row } from '../src/app/thread/rows';
import { ME, message, outgoing, sender } from './make';

function at(minutes: number, seq: number, more: Partial<Message> = {}): Message {
  return message(seq, { createdAt: new Date(2026, 0, 5, 10, minutes).toISOString(), ...more });
}

function rows(messages: Message[], more: Partial<Parameters<typeof rowsOf>[0]> = {}): Row[] {
  return rowsOf({ messages, outgoing: [], me: ME, hasBefore: false, newAfter: null, ...more });
}

function kinds(list: Row[]): string[] {
  return list.map(({ kind }) => kind);
}

function groups(list: Row[]): boolean[] {
  return list.filter(isSaid).map(({ first }) => first);
}

describe('groups', () => {
  test('one person’s messages within five minutes stand together', () => {
    expect(groups(rows([at(0, 1), at(5, 2), at(11, 3)]))).toEqual([true, false, true]);
  });

  test('another person’s message begins a new group', () => {
    expect(groups(rows([at(0, 1), at(0, 2, { sender: sender(ME) }), at(0, 3)]))).toEqual([true, true, true]);
    expect(groups(rows([at(0, 1), at(0, 2, { sender: sender('cem') })]))).toEqual([true, true]);
  });

  test('only the last of a group is marked as last', () => {
    expect(rows([at(0, 1), at(1, 2)]).filter(isSaid).map(({ last }) => last)).toEqual([false, true]);
  });

  test('what is being sent joins my last group, under the key that it keeps when it is stored', () => {
    const stored = at(0, 1, { sender: sender(ME) });
    const sending = outgoing({ clientId: 'next', createdAt: stored.createdAt, status: 'sending', attempts: 1 });
    const list = rows([stored], { outgoing: [sending] });
    expect(groups(list)).toEqual([true, false]);
    expect(list.at(-1)?.key).toBe('next');
    const after = rows([stored, at(0, 2, { sender: sender(ME), clientId: 'next' })]);
    expect(after.at(-1)?.key).toBe('next');
  });
});

describe('dividers', () => {
  test('each local day has one', () => {
    const next = message(2, { createdAt: new Date(2026, 0, 6, 0, 1).toISOString() });
    expect(kinds(rows([at(0, 1), next]))).toEqual(['start', 'day', 'message', 'day', 'message']);
  });

  test('the new line stands before the first unread message of another', () => {
    const list = rows([at(0, 1), at(1, 2, { sender: sender(ME) }), at(2, 3), at(3, 4)], { newAfter: 1 });
    expect(kinds(list)).toEqual(['start', 'day', 'message', 'message', 'new', 'message', 'message']);
  });

  test('without anything new there is no line', () => {
    expect(kinds(rows([at(0, 1)], { newAfter: 1 }))).not.toContain('new');
  });

  test('a system message is a line of its own', () => {
    expect(kinds(rows([at(0, 1), at(0, 2, { type: 'SYSTEM' })]))).toEqual(['start', 'day', 'message', 'system']);
  });
});

test('rows that are drawn stay as they are when older ones come above them', () => {
  const all = Array.from({ length: 40 }, (_, index) => at(index * 2, index + 1, { sender: sender(index % 7 < 4 ? 'you' : ME) }));
  const newer = rows(all.slice(20), { hasBefore: true });
  const whole = rows(all);
  expect(whole.slice(-newer.length)).toEqual(newer);
  expect(newer.length).toBeGreaterThan(15);
});

test('a longer text is guessed to be higher', () => {
  const [short, long] = [rows([at(0, 1)]).at(-1), rows([at(0, 1, { content: 'word '.repeat(100) })]).at(-1)];
  expect(estimateHeight(long, 60)).toBeGreaterThan(estimateHeight(short, 60) + 100);
});
