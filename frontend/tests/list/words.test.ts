/** What rows, events, presence and mutes are called. */

import { describe, expect, test } from 'vitest';

import { goneWords } from '../../src/app/groups/gone';
import { leavingWords } from '../../src/app/groups/leaving';
import { filesInWords, lastLineOf, messageWords } from '../../src/app/list/lastLine';
import { MUTES, mutedWords } from '../../src/app/list/mutes';
import { rowLine } from '../../src/app/list/useRowLine';
import { presenceWords } from '../../src/app/presence';
import type { Attachment } from '../../src/client';
import { conversation, ME, message, outgoing, participant } from '../make';

const DIRECT = conversation();
const GROUP = conversation({ kind: 'GROUP', participants: [participant(ME), participant('you', 0, { name: 'Ana Silva' })] });

function file(more: Partial<Attachment> = {}): Attachment {
  return { id: 'a', kind: 'FILE', name: 'offer.pdf', mediaType: 'application/pdf', sizeBytes: 1, url: '/f', width: null, height: null, durationMs: null, waveform: null, thumbnailUrl: null, ...more };
}

describe('a last line', () => {
  test('is plain text, with "You" for oneself and the speaker in a group', () => {
    expect(lastLineOf(message(1, { content: '**Yes**, `all`' }), ME, DIRECT)).toBe('Yes, all');
    expect(lastLineOf(message(1, { sender: { ...message(1).sender, id: ME } }), ME, DIRECT)).toBe('You: text 1');
    expect(lastLineOf(message(1, { sender: { ...message(1).sender, name: 'Ana Silva' } }), ME, GROUP)).toBe('Ana: text 1');
    expect(lastLineOf(null, ME, DIRECT)).toBe('No messages yet');
  });

  test('calls files by what they are', () => {
    expect(filesInWords([file({ kind: 'IMAGE' })])).toBe('Photo');
    expect(filesInWords([file({ kind: 'IMAGE' }), file({ kind: 'IMAGE' })])).toBe('2 photos');
    expect(filesInWords([file({ kind: 'IMAGE' }), file()])).toBe('2 files');
    expect(filesInWords([file()])).toBe('offer.pdf');
    expect(filesInWords([file({ kind: 'VOICE', durationMs: 31_000 })])).toBe('Voice message, 0:31');
    expect(messageWords(message(1, { content: 'See page two', attachments: [file()] }), ME)).toBe('offer.pdf · See page two');
  });

  test('says of what is deleted only that', () => {
    expect(messageWords(message(1, { content: '', deletedAt: '2026-01-01T00:00:00Z' }), ME)).toBe('Message deleted');
  });

  test('tells what happened in a group as the thread does', () => {
    const system = { event: 'removed' as const, users: [{ id: ME, name: null }], title: null };
    expect(lastLineOf(message(1, { type: 'SYSTEM', system }), ME, GROUP)).toBe('you removed you.');
  });

  test('names whom a message mentions', () => {
    expect(messageWords(message(1, { content: '@Ana Silva look', mentions: ['you'] }), ME, GROUP.participants)).toBe('@Ana Silva look');
  });

  test('gives way to what is on its way, that to a draft, that to who types', () => {
    const typists = [{ userId: 'you', name: 'Ana Silva', activity: 'typing' as const }];
    const said = { typists: [], draft: '', outgoing: undefined };
    expect(rowLine(DIRECT, ME, said).kind).toBe('said');
    expect(rowLine(DIRECT, ME, { ...said, outgoing: outgoing() })).toEqual({ kind: 'sending', text: 'You: hello' });
    expect(rowLine(DIRECT, ME, { ...said, outgoing: outgoing({ status: 'failed' }) }).kind).toBe('failed');
    expect(rowLine(DIRECT, ME, { ...said, outgoing: outgoing(), draft: 'and *also*' })).toEqual({ kind: 'draft', text: 'and also' });
    expect(rowLine(GROUP, ME, { typists, outgoing: outgoing(), draft: 'x' })).toEqual({ kind: 'typing', text: 'Ana is typing…' });
    expect(rowLine(DIRECT, ME, { ...said, typists }).text).toBe('typing…');
    expect(rowLine(DIRECT, ME, { ...said, draft: '  ' }).kind).toBe('said');
  });
});

test('why a conversation is gone is told with who did it, where that is known', () => {
  const names = (id: string) => (id === 'ana' ? 'Ana Silva' : null);
  expect(goneWords({ reason: 'removed', by: 'ana', seq: 1 }, names).text).toMatch(/^Ana Silva removed you/);
  expect(goneWords({ reason: 'removed', by: 'stranger', seq: 1 }, names).text).toMatch(/^An owner removed you/);
  expect(goneWords({ reason: 'deleted', by: ME, seq: 1 }, names, ME).text).toBe('You deleted it for everyone.');
  expect(goneWords({ reason: 'left', by: ME, seq: 1 }, names).title).toBe('You left this group');
  expect(goneWords({ reason: 'unavailable', by: null, seq: 0 }, names).title).toBe('This conversation is not available');
});

test('leaving says who rules after the last owner, and that the last person ends it', () => {
  const owner = participant(ME, 0, { groupRole: 'OWNER' });
  const of = (...others: ReturnType<typeof participant>[]) => conversation({ kind: 'GROUP', participants: [owner, ...others] });
  expect(leavingWords(of(participant('you')), ME, true)).toContain('whoever has been in it longest');
  expect(leavingWords(of(participant('you', 0, { groupRole: 'OWNER' })), ME, true)).not.toContain('longest');
  expect(leavingWords(of(), ME, true)).toContain('deleted with all its messages');
});

test('who is away is told since when, and nothing is told of who hides it', () => {
  const now = new Date(2026, 4, 12, 15, 0);
  const seen = (date: Date) => presenceWords({ userId: 'you', status: 'offline', lastSeenAt: date.toISOString() }, now);
  expect(presenceWords(undefined, now)).toBeNull();
  expect(presenceWords({ userId: 'you', status: 'away', lastSeenAt: null }, now)).toBe('away');
  expect(presenceWords({ userId: 'you', status: 'offline', lastSeenAt: null }, now)).toBeNull();
  expect(seen(new Date(2026, 4, 12, 14, 59, 30))).toBe('last seen just now');
  expect(seen(new Date(2026, 4, 12, 9, 5))).toMatch(/^last seen 0?9:05/);
  expect(seen(new Date(2026, 4, 11, 9, 5))).toMatch(/^last seen yesterday 0?9:05/);
});

test('mutes end when they say, and are told by day', () => {
  const now = new Date(2026, 4, 12, 15, 0);
  const ends = MUTES.map(({ until }) => until(now));
  expect(ends.slice(0, 4)).toEqual([new Date(2026, 4, 12, 16), new Date(2026, 4, 12, 23), new Date(2026, 4, 13, 9), new Date(2026, 4, 19, 15)]);
  const words = ends.map((end) => mutedWords(end.toISOString(), now));
  expect(words[0]).toMatch(/^Muted until 0?(4:00 PM|16:00)/);
  expect(words[2]).toMatch(/^Muted until tomorrow, 0?9:00/);
  expect(words[3]).toMatch(/^Muted until .*19/);
  expect(words[4]).toBe('Muted');
});
