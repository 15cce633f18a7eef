/** Whom the texts of a conversation may name. */

import { useMemo } from 'react';

import { personName, type Conversation } from '../../client';
import type { Person } from '../text/mentions';

/** The same list as long as nobody comes, goes or is renamed: what somebody has read changes no text. */
export function usePeople(conversation: Conversation | null): readonly Person[] {
  const told = JSON.stringify(conversation?.participants.map((each): Person => ({ id: each.userId, name: personName(each), avatarUrl: each.avatarUrl, about: each.companyName })) ?? []);
  return useMemo(() => JSON.parse(told) as Person[], [told]);
}

export function others(people: readonly Person[], me: string | null): Person[] {
  return people.filter(({ id }) => id !== me);
}
