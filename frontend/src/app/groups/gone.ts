/** Why a conversation cannot be shown any more, in words. */

import type { Gone } from '../../client';

/** `names`: what a person is called, as far as this page knows; see `useNames`. */
export function goneWords({ reason, by }: Gone, names: (userId: string) => string | null, me: string | null = null): { title: string; text: string } {
  const who = by === null ? null : by === me ? 'You' : names(by);
  switch (reason) {
    case 'removed':
      return {
        title: 'You are not in this group any more',
        text: `${who ?? 'An owner'} removed you. You see nothing of it from then on, until somebody adds you again.`,
      };
    case 'left':
      return { title: 'You left this group', text: 'You see nothing of it any more, until an owner adds you again.' };
    case 'deleted':
      return { title: 'This conversation was deleted', text: `${who ?? 'One of its participants'} deleted it for everyone.` };
    case 'unavailable':
      return { title: 'This conversation is not available', text: 'The link may be wrong, or you do not take part in the conversation.' };
  }
}
