/** What the thread says of itself, in the words of who reads it. Pure. */

import { personName, type MessageType, type Quote, type Reaction } from '../../client';
import type { Mention } from '../text/ast';
import { plainText } from '../text/plainText';
import { listed } from '../words';

/** So many names a sentence holds; the others are counted. */
const MAX_REACTED = 10;

const NAMES: Record<MessageType, string> = { TEXT: 'Message', IMAGE: 'Photo', FILE: 'File', VOICE: 'Voice message', SYSTEM: 'Message' };

/** A message in one line, where it is quoted. */
export function quoteWords({ content, type, deleted }: Quote): string {
  if (deleted) return 'Message deleted';
  return plainText(content) || NAMES[type];
}

/** Who gave a reaction, the latest first. */
export function reactedWords({ users, count }: Reaction, me: string | null): string {
  return listed(users.map((user) => (user.id === me ? 'You' : personName(user))), MAX_REACTED, count);
}

const NOBODY: readonly Mention[] = [];

/** Those of `people` whom a message names. */
export function namedIn(ids: readonly string[], people: readonly Mention[]): readonly Mention[] {
  return ids.length === 0 ? NOBODY : people.filter(({ id }) => ids.includes(id));
}
