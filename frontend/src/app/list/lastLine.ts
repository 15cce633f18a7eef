/** What a message says in one plain line, for rows, notifications and hits: files, voices and events have words too. */

import { personName, type Attachment, type Conversation, type Message, type Outgoing } from '../../client';
import { plainText } from '../text/plainText';
import { lengthText } from '../voice/clockText';
import { firstName, systemWords } from '../words';

type FileLike = Pick<Attachment, 'kind' | 'name' | 'durationMs'>;
type Speaking = Pick<Conversation, 'participants' | 'kind'>;

export function filesInWords(files: readonly FileLike[]): string {
  const [first] = files;
  if (first === undefined) return '';
  if (files.every(({ kind }) => kind === 'IMAGE')) return files.length === 1 ? 'Photo' : `${files.length} photos`;
  if (files.length > 1) return `${files.length} files`;
  if (first.kind !== 'VOICE') return first.name;
  return first.durationMs === null ? 'Voice message' : `Voice message, ${lengthText(first.durationMs)}`;
}

/** Without saying who. */
export function messageWords(message: Message, me: string | null, participants: Conversation['participants'] = []): string {
  if (message.deletedAt !== null) return 'Message deleted';
  if (message.type === 'SYSTEM') return systemWords(message, me);
  return together(filesInWords(message.attachments), plainText(message.content, mentionsIn(message.mentions, participants)));
}

/** The last message as the list tells it. Who said it is told where that is not plain. */
export function lastLineOf(message: Message | null, me: string | null, { kind, participants }: Speaking): string {
  if (message === null) return 'No messages yet';
  const words = messageWords(message, me, participants);
  if (message.type === 'SYSTEM') return words;
  if (message.sender.id === me) return `You: ${words}`;
  return kind === 'GROUP' ? `${firstName(message.sender)}: ${words}` : words;
}

/** A message of mine that is still on its way. */
export function outgoingWords({ content, attachments, mentions }: Outgoing, { participants }: Speaking): string {
  const files = attachments.map((file): FileLike => file.attachment ?? { kind: file.voice ? 'VOICE' : 'FILE', name: file.name, durationMs: null });
  return together(filesInWords(files), plainText(content, mentionsIn(mentions, participants)));
}

function together(files: string, text: string): string {
  return [files, text].filter((part) => part !== '').join(' · ');
}

function mentionsIn(ids: readonly string[], participants: Conversation['participants']) {
  return participants.filter(({ userId }) => ids.includes(userId)).map((person) => ({ id: person.userId, name: personName(person) }));
}
