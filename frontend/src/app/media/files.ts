/** What is shown of a file: its name made harmless, its kind in words, its size. Pure. */

import { calm } from '../text/calm';

/** What turns text around, and what cannot be seen: `invoice\u202efdp.exe` must read as what it is. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]/gu;
const MAX_EXTENSION_CHARS = 8;
const TAIL_CHARS = 6;
const SHORT_CHARS = 20;

export function safeName(name: string): string {
  return calm(name.replace(UNSEEN, '')).replace(/\s+/gu, ' ').trim() || 'Unnamed file';
}

/** The part that may be cut, and the end that stays: the extension with a few characters before it. */
export function splitName(name: string): { head: string; tail: string } {
  const safe = safeName(name);
  const characters = Array.from(safe);
  if (characters.length <= SHORT_CHARS) return { head: safe, tail: '' };
  const extension = Array.from(extensionOf(safe)).length;
  const keep = TAIL_CHARS + (extension > 0 ? extension + 1 : 0);
  return { head: characters.slice(0, -keep).join(''), tail: characters.slice(-keep).join('') };
}

/** Without the dot, lower case; empty where there is none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = name.slice(dot + 1);
  return dot > 0 && extension.length <= MAX_EXTENSION_CHARS && /^[\p{L}\d]+$/u.test(extension) ? extension.toLowerCase() : '';
}

export type FileKind = 'pdf' | 'image' | 'video' | 'audio' | 'sheet' | 'slides' | 'text' | 'document' | 'archive' | 'code' | 'other';

const KINDS: readonly [kind: FileKind, words: string, type: RegExp, extension: RegExp][] = [
  ['pdf', 'PDF document', /^application\/pdf$/, /^pdf$/],
  ['image', 'Picture', /^image\//, /^(png|jpe?g|gif|webp|heic|avif|tiff?|bmp|svg)$/],
  ['video', 'Video', /^video\//, /^(mp4|mov|webm|mkv|avi)$/],
  ['audio', 'Audio', /^audio\//, /^(mp3|m4a|wav|ogg|opus|flac|aac)$/],
  ['sheet', 'Spreadsheet', /spreadsheet|ms-excel|text\/csv/, /^(xlsx?|ods|csv|tsv)$/],
  ['slides', 'Presentation', /presentation|ms-powerpoint/, /^(pptx?|odp|key)$/],
  ['document', 'Document', /msword|wordprocessing|opendocument\.text|rtf/, /^(docx?|odt|rtf|pages)$/],
  ['archive', 'Archive', /zip|compressed|x-tar|gzip|x-7z|x-rar/, /^(zip|tar|gz|tgz|7z|rar|zst|xz)$/],
  ['code', 'Code', /json|xml|javascript|html/, /^(json|xml|html?|js|ts|py|css|sql|ya?ml|sh)$/],
  ['text', 'Text', /^text\//, /^(txt|md|log)$/],
];

/** The type as the server found it counts; the extension only where that says nothing. */
export function kindOf(type: string, name: string): { kind: FileKind; words: string } {
  const extension = extensionOf(safeName(name));
  const unknown = type === '' || type === 'application/octet-stream';
  const found = KINDS.find(([, , types, extensions]) => (unknown ? extensions.test(extension) : types.test(type)));
  if (found) return { kind: found[0], words: found[1] };
  return { kind: 'other', words: extension === '' ? 'File' : `${extension.toUpperCase()} file` };
}
