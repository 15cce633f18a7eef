/** What a message carries, in words: for the list, notices, quotes and those who hear the page. Pure. */

import type { Attachment } from '../../client';
import { safeName } from '../media/files';
import { lengthText } from '../voice/clockText';

export type FileLike = Pick<Attachment, 'kind' | 'name' | 'durationMs'>;

/** "Photo", "3 photos", "Voice message, 0:31", a file's name, "2 photos and 1 file"; empty where there are none. */
export function filesInWords(files: readonly FileLike[]): string {
  const photos = files.filter(({ kind }) => kind === 'IMAGE').length;
  const others = files.filter(({ kind }) => kind !== 'IMAGE');
  return [photosInWords(photos), othersInWords(others, photos > 0)].filter((words) => words !== '').join(' and ');
}

function photosInWords(count: number): string {
  if (count === 0) return '';
  return count === 1 ? 'Photo' : `${count} photos`;
}

function othersInWords(others: readonly FileLike[], beside: boolean): string {
  const [first] = others;
  if (first === undefined) return '';
  if (others.length > 1) return `${others.length} files`;
  if (first.kind === 'VOICE') return first.durationMs === null ? 'Voice message' : `Voice message, ${lengthText(first.durationMs)}`;
  return beside ? '1 file' : safeName(first.name);
}
