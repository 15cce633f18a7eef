/** How a message's files are laid out, and how far those on their way are. */

import { describe, expect, test } from 'vitest';

import { filesHeight, pictureOf, sorted } from '../../src/app/files/kinds';
import { isUnsent, progressOf, uploadsOf } from '../../src/app/files/progress';
import type { ReadyFile, Upload } from '../../src/client';
import { outgoing } from '../make';

function file(id: string, more: Partial<ReadyFile> = {}): ReadyFile {
  const common = { name: `${id}.bin`, mediaType: 'application/octet-stream', sizeBytes: 1, durationMs: null, waveform: null, thumbnailUrl: null };
  return { id, kind: 'FILE', url: `/api/attachments/${id}/content`, width: null, height: null, ...common, ...more };
}

const photo = (id: string, width = 1_200, height = 800) => file(id, { kind: 'IMAGE', width, height, thumbnailUrl: `/api/attachments/${id}/thumbnail` });

function upload(id: string, more: Partial<Upload> = {}): Upload {
  const source = new Blob(['x']);
  return { id, conversationId: 'c', source, name: id, sizeBytes: 100, voice: false, claimed: true, status: 'uploading', progress: 0, attachment: null, error: null, ...more };
}

describe('the files of a message', () => {
  test('pictures stand together, recordings and other files each alone, all in their order', () => {
    const shown = sorted([file('a'), photo('b'), file('v', { kind: 'VOICE' }), photo('c'), file('d')]);
    expect(shown.pictures.map(({ url }) => url)).toEqual(['/api/attachments/b/content', '/api/attachments/c/content']);
    expect(shown.voices.map(({ id }) => id)).toEqual(['v']);
    expect(shown.files.map(({ id }) => id)).toEqual(['a', 'd']);
  });

  test('a picture without a size is a file; one without a small picture is shown by itself', () => {
    expect(pictureOf(file('a', { kind: 'IMAGE' }))).toBeNull();
    expect(pictureOf(file('a', { kind: 'IMAGE', width: 1, height: 1 }))?.thumbnailUrl).toBe('/api/attachments/a/content');
  });

  test('their height is known before anything of them has come', () => {
    expect(filesHeight([])).toBe(0);
    expect(filesHeight([photo('a')])).toBe(240 + 4);
    expect(filesHeight([photo('a', 40, 40)])).toBe(96 + 4);
    expect(filesHeight([photo('a'), photo('b'), photo('c'), photo('d'), photo('e')])).toBe(360 + 4);
    expect(filesHeight([photo('a'), photo('b'), file('c'), file('v', { kind: 'VOICE' })])).toBe(180 + 56 + 52 + 3 * 4);
  });
});

describe('files on their way', () => {
  test('are told together, by bytes', () => {
    const uploads = [upload('a', { status: 'ready', progress: 1 }), upload('b', { sizeBytes: 300, progress: 0.5 })];
    expect(progressOf(uploads)).toEqual({ ratio: 0.625, words: 'Uploading, 63 %' });
  });

  test('that are all looked at are being checked, and that all came are not told of', () => {
    expect(progressOf([upload('a', { status: 'processing', progress: 1 })])?.words).toBe('Checking…');
    expect(progressOf([upload('a', { status: 'ready', progress: 1 })])).toBeNull();
    expect(progressOf([])).toBeNull();
  });

  test('that are held up say by what', () => {
    const error = { code: 'offline', message: 'There is no connection.', retryable: true };
    expect(progressOf([upload('a'), upload('b', { status: 'waiting', error })])?.words).toBe('There is no connection. It goes on by itself.');
  });

  test('are those that the message waits for', () => {
    const waiting = outgoing({ attachments: [{ uploadId: 'b', attachment: null, name: 'b', sizeBytes: 1, voice: false }] });
    expect(uploadsOf(waiting, [upload('a'), upload('b')]).map(({ id }) => id)).toEqual(['b']);
  });

  test('would be lost with the page, unless they were refused or cancelled', () => {
    const refused = { code: 'too_large', message: 'Too large.', retryable: false };
    expect(isUnsent(upload('a', { status: 'ready' }))).toBe(true);
    expect(isUnsent(upload('a', { status: 'failed', error: { ...refused, retryable: true } }))).toBe(true);
    expect(isUnsent(upload('a', { status: 'failed', error: refused }))).toBe(false);
    expect(isUnsent(upload('a', { status: 'cancelled' }))).toBe(false);
  });
});
