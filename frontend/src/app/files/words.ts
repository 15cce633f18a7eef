/** What a message carries, in words: for the list, notices, quotes and those who hear the page. Pure. */

import type { AttachmentKind, MessageType, Outgoing, OutgoingFile } from '../../client';
import { safeName } from '../media/files';
import { plainText } from '../text/plainText';
import type { Mention } from '../text/ast';
import { lengthText } from '../voice/clockText';

interface Named {
  kind: AttachmentKind;
  name: string;
  durationMs: number | null;
}

interface Carrying {
  attachments: readonly Named[];
}

/** "Photo", "3 photos", "Voice message, 0:31", a file's name, "2 photos and 1 file"; empty where there are none. */
export function filesInWords({ attachments }: Carrying): string {
  const photos = attachments.filter(({ kind }) => kind === 'IMAGE');
  const others = attachments.filter(({ kind }) => kind !== 'IMAGE');
  const words = [photosInWords(photos.length), othersInWords(others, photos.length > 0)];
  return words.filter((part) => part !== '').join(' and ');
}

/** One line for a whole message: its text, else what it carries. */
export function messageInWords(message: Carrying & { content: string; type: MessageType }, mentions: readonly Mention[] = []): string {
  const text = plainText(message.content, mentions);
  if (text !== '') return text;
  // A quote tells its type only.
  return message.attachments.length > 0 ? filesInWords(message) : typeInWords(message.type);
}

/** For a quote, which has no attachments of its own. */
export function typeInWords(type: MessageType): string {
  switch (type) {
    case 'IMAGE':
      return 'Photo';
    case 'VOICE':
      return 'Voice message';
    case 'FILE':
      return 'File';
    default:
      return '';
  }
}

export function outgoingInWords({ content, attachments }: Outgoing): string {
  const text = plainText(content);
  return text === '' ? filesInWords({ attachments: attachments.map(namedOf) }) : text;
}

function namedOf({ attachment, voice, name }: OutgoingFile): Named {
  return attachment ?? { kind: voice ? 'VOICE' : 'FILE', name, durationMs: null };
}

function photosInWords(count: number): string {
  if (count === 0) return '';
  return count === 1 ? 'Photo' : `${count} photos`;
}

function othersInWords(others: readonly Named[], beside: boolean): string {
  const [only] = others;
  if (only === undefined) return '';
  if (others.length > 1) return `${others.length} files`;
  if (only.kind === 'VOICE') return voiceInWords(only.durationMs);
  return beside ? '1 file' : safeName(only.name);
}

function voiceInWords(durationMs: number | null): string {
  return durationMs === null ? 'Voice message' : `Voice message, ${lengthText(durationMs)}`;
}
