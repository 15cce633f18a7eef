import type { Conversation } from '../../client';

/** What happens when I go. */
export function leavingWords({ participants }: Conversation, me: string | null, owner: boolean): string {
  const others = participants.filter(({ userId }) => userId !== me);
  if (others.length === 0) return 'You are the last one in it: the group is deleted with all its messages. This cannot be undone.';
  const gone = 'You see nothing of it any more, until an owner adds you again. What you wrote stays.';
  const heirs = others.filter(({ groupRole }) => groupRole === 'OWNER');
  if (!owner || heirs.length > 0) return gone;
  return `${gone} You are its only owner: whoever has been in it longest becomes one.`;
}
