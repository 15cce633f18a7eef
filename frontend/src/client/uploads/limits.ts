/** What the page can refuse by itself, before a byte is sent, and how sizes are written. The server checks all of it again. */

import type { UploadError } from './model';

export interface UploadLimits {
  maxFiles: number;
  maxBytes: number;
}

/** The server's own, which it tells in `ready`. */
export const DEFAULT_LIMITS: UploadLimits = { maxFiles: 10, maxBytes: 25_000_000 };

export const MAX_NAME_CHARS = 255;

/** `others`: how many files the message has already. Null where nothing speaks against it. */
export function refusalOf(file: { name: string; sizeBytes: number; voice: boolean }, others: number, { maxFiles, maxBytes }: UploadLimits): UploadError | null {
  if (file.sizeBytes === 0) return refused('empty_file', 'This file is empty.');
  if (file.sizeBytes > maxBytes) return refused('too_large', `${sizeText(file.sizeBytes)} is more than the ${sizeText(maxBytes)} that a file may have.`);
  if (!file.voice && others >= maxFiles) return refused('too_many_files', `A message holds at most ${countOf(maxFiles)}.`);
  return null;
}

/** For the person who chose more files than a message holds. */
export function leftOutText(leftOut: number, { maxFiles }: UploadLimits): string {
  return `${countOf(leftOut)} ${leftOut === 1 ? 'was' : 'were'} left out: a message holds at most ${maxFiles}.`;
}

function refused(code: string, message: string): UploadError {
  return { code, message, retryable: false };
}

/** A server says what was expected in the middle of a sentence. */
export function sentence(words: string): string {
  const begun = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

function countOf(files: number): string {
  return `${files} ${files === 1 ? 'file' : 'files'}`;
}

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** In steps of 1,000, as the server's limits count, with one digit after the point while the number is small. */
export function sizeText(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** step;
  // 999.7 KB would be written 1,000 KB.
  if (Math.round(amount) >= 1_000 && step < UNITS.length - 1) return sizeText(1_000 ** (step + 1));
  const digits = amount < 10 && step > 0 ? 1 : 0;
  return `${amount.toLocaleString(undefined, { maximumFractionDigits: digits })} ${UNITS[step] ?? ''}`;
}

/** The last part of a path, without what no file name holds, and short enough. */
export function fileName(given: string): string {
  // eslint-disable-next-line no-control-regex
  const name = (given.split(/[/\\]/).at(-1) ?? '').replace(/[\u0000-\u001f\u007f]/g, '').trim();
  return shortened(name === '' ? 'file' : name);
}

function shortened(name: string): string {
  const chars = Array.from(name);
  if (chars.length <= MAX_NAME_CHARS) return name;
  const dot = chars.lastIndexOf('.');
  const ending = dot > 0 && chars.length - dot <= 16 ? chars.slice(dot) : [];
  return [...chars.slice(0, MAX_NAME_CHARS - ending.length), ...ending].join('');
}
