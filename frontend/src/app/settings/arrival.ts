/** Which messages are told, and how loudly. Pure. */

import { isMuted, type Conversation, type Message } from '../../client';

export type Loudness = 'silent' | 'announced' | 'toast' | 'desktop';

export interface Looking {
  me: string | null;
  openId: string | null;
  /** The page can be seen and has the focus. */
  attentive: boolean;
  now: number;
}

/**
 * `silent`: the reader's own, an event, or muted without naming the reader. `announced`: it is on screen, so only the screen
 * reader says it. `toast`: the reader is at the page, elsewhere. `desktop`: not at the page; it has a toast too if it is elsewhere.
 */
export function loudnessOf(message: Message, conversation: Conversation, { me, openId, attentive, now }: Looking): Loudness {
  if (message.sender.id === me || message.type === 'SYSTEM') return 'silent';
  const named = me !== null && message.mentions.includes(me);
  const open = conversation.id === openId;
  if (open && attentive) return 'announced';
  if (isMuted(conversation, now) && !named) return 'silent';
  return attentive ? 'toast' : 'desktop';
}
