/** What a thread says of itself. */

import { describe, expect, test } from 'vitest';

import { receiptOf, type Quote, type SystemNote, type Typist } from '../../src/client';
import { rowOfSeq, seenSeq, seqNear } from '../../src/app/thread/place';
import { lastOwn, receiptWords } from '../../src/app/thread/receipt';
import { rowsOf } from '../../src/app/thread/rows';
import { namedIn, quoteWords, reactedWords } from '../../src/app/thread/words';
import { connectionWords } from '../../src/app/parts/ConnectionBar';
import { listed, systemWords, typingWords, waitingWords } from '../../src/app/words';
import { conversation, ME, message, outgoing, participant, sender } from '../make';

function typist(name: string, activity: Typist['activity'] = 'typing'): Typist {
  return { userId: name, name, activity };
}

describe('who is typing', () => {
  test.each([
    ['', []],
    ['Ana is typing', [typist('Ana Lima')]],
    ['Ana and Ben are typing', [typist('Ana Lima'), typist('Ben Okoro')]],
    ['Ana and 2 others are typing', [typist('Ana'), typist('Ben'), typist('Cem')]],
    ['Ana is recording a voice message', [typist('Ana', 'recording')]],
    ['Ana and Ben are recording voice messages', [typist('Ana', 'recording'), typist('Ben', 'recording')]],
    ['Ana and Ben are typing', [typist('Ana', 'recording'), typist('Ben')]],
  ])('“%s”', (words, typists) => expect(typingWords(typists)).toBe(words));

  test('needs no name where it is plain who', () => {
    expect(typingWords([typist('Ana')], false)).toBe('typing');
    expect(typingWords([typist('Ana', 'recording')], false)).toBe('recording a voice message');
    expect(typingWords([], false)).toBe('');
  });
});

describe('what the server wrote into a group', () => {
  const [me, ana, ben] = [sender(ME), { ...sender('a'), name: 'Ana Lima' }, { ...sender('b'), name: 'Ben Okoro' }];
  const note = (event: SystemNote['event'], users: { id: string; name: string | null }[] = [], title: string | null = null): SystemNote => ({ event, users, title });
  const told = (by: typeof me, system: SystemNote | null) => systemWords(message(1, { type: 'SYSTEM', sender: by, content: 'as the server says it', system }), ME);

  test.each([
    ['Ana Lima added you.', ana, note('added', [me])],
    ['You added Ana Lima and Ben Okoro.', me, note('added', [ana, ben])],
    ['Ana Lima added you, 1, 2 and 2 others.', ana, note('added', [...['1', '2', '3', '4'].map(sender), me])],
    ['Ana Lima added 1, 2, 3 and 2 others.', ana, note('added', ['1', '2', '3', '4', '5'].map(sender))],
    ['Ana Lima removed Ben Okoro.', ana, note('removed', [ben])],
    ['Ana Lima left.', ana, note('left')],
    ['Ana Lima left. You are an owner now.', ana, note('left', [me])],
    ['Ana Lima left. Ben Okoro is an owner now.', ana, note('left', [ben])],
    ['Ana Lima made you an owner.', ana, note('made_owner', [me])],
    ['Ana Lima made Ben Okoro a member.', ana, note('made_member', [ben])],
    ['Ana Lima is no longer an owner.', ana, note('made_member', [ana])],
    ['You are no longer an owner.', me, note('made_member', [me])],
    ['You named the group “Steel”.', me, note('renamed', [], 'Steel')],
    ['Ana Lima took the group’s name away.', ana, note('renamed')],
    ['Ana Lima let people who are added see earlier messages.', ana, note('history_shown')],
    ['You keep earlier messages from people who are added.', me, note('history_hidden')],
    ['Ana Lima keeps earlier messages from people who are added.', ana, note('history_hidden')],
    ['as the server says it', ana, null],
    ['as the server says it', ana, note('painted_blue' as SystemNote['event'])],
  ])('“%s”', (words, by, system) => expect(told(by, system)).toBe(words));
});

test('a quote is one line of words, and says what it is where there are none', () => {
  const quote: Quote = { messageId: 'm', seq: 1, sender: { id: 'a', name: 'Ana' }, type: 'TEXT', content: '**Two**\n- pallets', deleted: false };
  expect(quoteWords(quote)).toBe('Two • pallets');
  expect(quoteWords({ ...quote, type: 'IMAGE', content: '' })).toBe('Photo');
  expect(quoteWords({ ...quote, type: 'VOICE', content: '' })).toBe('Voice message');
  expect(quoteWords({ ...quote, type: 'FILE', content: 'the scan' })).toBe('the scan');
  expect(quoteWords({ ...quote, content: '', deleted: true })).toBe('Message deleted');
});

test('those who reacted are named latest first, and the others are counted', () => {
  const users = [{ id: ME, name: 'Me' }, { id: 'a', name: 'Ana' }];
  expect(reactedWords({ emoji: '👍', count: 2, users }, ME)).toBe('You and Ana');
  expect(reactedWords({ emoji: '👍', count: 5, users }, ME)).toBe('You, Ana and 3 others');
  expect(listed(['A'], 3)).toBe('A');
  expect(listed(['A', 'B', 'C', 'D'], 3)).toBe('A, B, C and 1 other');
});

test('a text names only those whom the message says it names', () => {
  const people = [{ id: 'a', name: 'Ana' }, { id: 'b', name: 'Ben' }];
  expect(namedIn(['b', 'gone'], people)).toEqual([people[1]]);
  expect(namedIn([], people)).toBe(namedIn([], []));
});

describe('what became of a message', () => {
  const SENT = '2026-01-05T10:00:00.000Z';
  const [EARLY, LATE] = ['2026-01-05T10:01:00.000Z', '2026-01-05T10:02:00.000Z'];
  const said = message(5, { sender: sender(ME), createdAt: SENT });
  const words = (...others: ReturnType<typeof participant>[]) => receiptWords(receiptOf(conversation({ participants: [participant(ME), ...others] }), said, ME), SENT);

  test('with one other it is sent, delivered, read', () => {
    expect(words(participant('a', 4)).words).toBe('Sent');
    expect(words(participant('a', 4, { deliveredSeq: 5, deliveredAt: EARLY })).words).toBe('Delivered');
    const read = words(participant('a', 5, { readAt: LATE }));
    expect(read.words).toBe('Read');
    expect(read.hint).toMatch(/^Read, .*2026/);
  });

  test('in a group readers are counted, and the time is that of the last', () => {
    expect(words(participant('a', 5, { readAt: EARLY }), participant('b')).words).toBe('Read by 1');
    const all = words(participant('a', 5, { readAt: EARLY }), participant('b', 9, { readAt: LATE }));
    expect(all).toEqual(words(participant('a', 5, { readAt: LATE }), participant('b', 9, { readAt: EARLY })));
    expect(all.words).toBe('Read by all');
    expect(all.when).not.toBeNull();
  });

  test('of a time that is not known nothing is said', () => {
    expect(words(participant('a', 5, { readAt: null }))).toEqual({ words: 'Read', when: null, hint: 'Read' });
    expect(words(participant('a', 5, { readAt: EARLY }), participant('b', 5, { readAt: null })).when).toBeNull();
  });

  test('it is told under the last of mine, whatever others said since', () => {
    const messages = [message(1, { sender: sender(ME) }), message(2)];
    expect(lastOwn(rowsOf({ messages, outgoing: [], me: ME, hasBefore: false, newAfter: null }))).toMatchObject({ message: { seq: 1 } });
    expect(lastOwn(rowsOf({ messages, outgoing: [outgoing()], me: ME, hasBefore: false, newAfter: null }))).toMatchObject({ kind: 'outgoing' });
    expect(lastOwn(rowsOf({ messages: [message(2)], outgoing: [], me: ME, hasBefore: false, newAfter: null }))).toBeNull();
  });
});

describe('a place in the thread', () => {
  const messages = [message(10), message(12, { type: 'SYSTEM' }), message(15, { sender: sender(ME) })];
  const window = { messages, hasBefore: true, hasAfter: true };
  const rows = rowsOf({ messages, outgoing: [], me: ME, hasBefore: false, newAfter: null });
  const at = (seq: number) => rows.findIndex((row) => 'message' in row && row.message.seq === seq);

  test('a message that is there is gone to, one that is not shown leads to the next', () => {
    expect(rowOfSeq(rows, 12, window)).toBe(at(12));
    expect(rowOfSeq(rows, 13, window)).toBe(at(15));
    expect(rowOfSeq(rows, 99, { ...window, hasAfter: false })).toBe(rows.length - 1);
    expect(rowOfSeq(rows, 1, { ...window, hasBefore: false })).toBe(at(10));
  });

  test('one that has still to come is waited for', () => {
    expect(rowOfSeq(rows, 9, window)).toBeNull();
    expect(rowOfSeq(rows, 16, window)).toBeNull();
    expect(rowOfSeq([], 9, { messages: [], hasBefore: true, hasAfter: true })).toBeNull();
  });

  test('what others said up to the last row in view has been seen', () => {
    expect(seenSeq(rows, rows.length + 5)).toBe(12);
    expect(seenSeq(rows, at(10))).toBe(10);
    expect(seenSeq(rows, at(10) - 1)).toBe(0);
    expect(seenSeq(rows, -1)).toBe(0);
  });

  test('a row that is no message stands for the one above it', () => {
    expect(seqNear(rows, at(10) - 1)).toBeNull();
    expect(seqNear(rows, 99)).toBe(15);
  });
});

test('why a message waits is told', () => {
  expect(waitingWords(outgoing())).toBe('Waiting to be sent');
  expect(waitingWords(outgoing({ error: { code: 'rate_limited', message: '' } }))).toContain('a lot at once');
  expect(waitingWords(outgoing({ error: { code: 'overloaded', message: '' } }))).toContain('busy');
  const file = { uploadId: 'u', attachment: null, name: 'a', sizeBytes: 1, voice: false };
  expect(waitingWords(outgoing({ tab: 'other', attachments: [file] }))).toContain('Another tab');
});

test('why there is no connection is told, and what becomes of what is written meanwhile', () => {
  const of = (status: Parameters<typeof connectionWords>[0]['status'], reason: string | null = null, kept = true) => connectionWords({ status, reason }, kept);
  expect(of('online')).toBeNull();
  expect(of('offline')).toBe('You are offline. What you write is kept and sent when you are back.');
  expect(of('offline', null, false)).toContain('if this page stays open');
  expect(of('reconnecting', 'server_stops')).toContain('The server is restarting');
  expect(of('refused', 'auth_another_person')).toContain('Somebody else');
  expect(of('refused', 'auth_expired')).toContain('signed out');
});
