/** The state of uploads under any order of events. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { isFinal, leftOutText, refusalOf, sizeText, uploadsFor, type Attachment, type Upload } from '../../src/client';
import { fileName } from '../../src/client/uploads/limits';
import { reduce, type UploadEvent, type UploadList } from '../../src/client/uploads/model';

const SIZE = 1_000;

function upload(id: string, more: Partial<Upload> = {}): Upload {
  const source = new Blob(['x'.repeat(SIZE)]);
  return { id, conversationId: 'c', source, name: `${id}.txt`, sizeBytes: SIZE, voice: false, claimed: false, status: 'waiting', progress: 0, attachment: null, error: null, ...more };
}

const attachment = { id: 'a1' } as Attachment;
const failure = (retryable: boolean) => ({ code: 'x', message: 'x', retryable });
const id = fc.constantFrom('one', 'two');
const event: fc.Arbitrary<UploadEvent> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('advanced' as const), id, bytes: fc.nat({ max: SIZE + 200 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constantFrom('started' as const, 'retried' as const), id }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('paused' as const), id, error: fc.option(fc.constant(failure(true))) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('failed' as const), id, error: fc.boolean().map(failure) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('ready' as const), id, attachment: fc.constant(attachment) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('cancelled' as const, 'removed' as const), id }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('added' as const), upload: id.map((name) => upload(name)) }) },
);

const begin: UploadList = [upload('one'), upload('two')];

test('whatever happens, progress never goes back, and what is final stays as it is until it is removed', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      let list = begin;
      for (const next of events) {
        const after = reduce(list, next);
        for (const before of list) {
          const now = after.find((one) => one.id === before.id);
          if (now === undefined) {
            expect(next).toEqual({ type: 'removed', id: before.id });
          } else if (isFinal(before)) {
            expect(now).toBe(before);
          } else {
            expect(now.progress).toBeGreaterThanOrEqual(before.progress);
            expect(now.progress).toBeLessThanOrEqual(1);
          }
        }
        list = after;
      }
    }),
  );
});

test('only a ready upload has an attachment and is whole, and only there is no error', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      for (const one of events.reduce(reduce, begin)) {
        expect(one.attachment !== null).toBe(one.status === 'ready');
        if (one.status === 'ready') expect(one.progress).toBe(1);
        if (one.status === 'failed') expect(one.error).not.toBeNull();
        else if (one.status !== 'waiting') expect(one.error).toBeNull();
      }
    }),
  );
});

test('a cancel wins over everything that comes after it', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 20 }), fc.array(event, { maxLength: 20 }), (before, after) => {
      const cancelled = reduce(before.reduce(reduce, begin), { type: 'cancelled', id: 'one' });
      const one = cancelled.find((held) => held.id === 'one');
      fc.pre(one?.status === 'cancelled');
      const last = after.filter((next) => !(next.type === 'removed' && next.id === 'one')).reduce(reduce, cancelled);
      expect(last.find((held) => held.id === 'one')).toBe(one);
    }),
  );
});

test('an event that changes nothing gives the same list', () => {
  const running = [{ type: 'started', id: 'one' } as const, { type: 'advanced', id: 'one', bytes: 500 } as const].reduce(reduce, begin);
  expect(reduce(running, { type: 'advanced', id: 'one', bytes: 400 })).toBe(running);
  expect(reduce(running, { type: 'started', id: 'one' })).toBe(running);
  expect(reduce(running, { type: 'removed', id: 'nobody' })).toBe(running);
});

test('when the last byte has left, the server has the word', () => {
  const list = [{ type: 'started', id: 'one' } as const, { type: 'advanced', id: 'one', bytes: SIZE } as const].reduce(reduce, begin);
  expect(list[0]).toMatchObject({ status: 'processing', progress: 1 });
});

test('a message’s files are those of its conversation, without voice, what was cancelled and what another message has', () => {
  const list = [reduce([upload('g')], { type: 'claimed', id: 'g', claimed: true })[0] ?? upload('g'), upload('a'), upload('b', { conversationId: 'd' }), upload('c', { voice: true }), upload('e', { status: 'cancelled' }), upload('f', { status: 'failed' })];
  expect(uploadsFor(list, 'c').map((one) => one.id)).toEqual(['a', 'f']);
});

describe('limits', () => {
  const limits = { maxFiles: 2, maxBytes: 1_536 };
  const file = { name: 'a.txt', sizeBytes: 1_536, voice: false };

  test('a file at the limit is accepted, one byte more is not, and both sizes are told', () => {
    expect(refusalOf(file, 1, limits)).toBeNull();
    expect(refusalOf({ ...file, sizeBytes: 2_048 }, 1, limits)).toEqual({
      code: 'too_large',
      message: '2 KB is more than the 1.5 KB that a file may have.',
      retryable: false,
    });
  });

  test('an empty file and one too many are refused, each with its reason', () => {
    expect(refusalOf({ ...file, sizeBytes: 0 }, 0, limits)?.code).toBe('empty_file');
    expect(refusalOf(file, 2, limits)).toMatchObject({ code: 'too_many_files', message: 'A message holds at most 2 files.' });
    expect(refusalOf({ ...file, voice: true }, 2, limits)).toBeNull();
  });

  test('how many were left out is said in words', () => {
    expect(leftOutText(1, limits)).toBe('1 file was left out: a message holds at most 2.');
    expect(leftOutText(3, limits)).toBe('3 files were left out: a message holds at most 2.');
  });

  test('sizes are written as people read them', () => {
    expect([0, 1, 999, 1_000, 1_250_000, 999_999, 25_000_000, 3e9].map(sizeText)).toEqual(['0 B', '1 B', '999 B', '1 KB', '1.3 MB', '1 MB', '25 MB', '3 GB']);
  });

  test('a name is the last part of a path, without control characters, never empty and never too long', () => {
    expect(fileName('C:\\docs\\..\\offer.pdf')).toBe('offer.pdf');
    expect(fileName('../../etc/passwd')).toBe('passwd');
    expect(fileName('a\u0000b\n.txt')).toBe('ab.txt');
    expect(fileName('  ')).toBe('file');
    expect(fileName(`${'å'.repeat(400)}.pdf`)).toBe(`${'å'.repeat(251)}.pdf`);
  });
});
