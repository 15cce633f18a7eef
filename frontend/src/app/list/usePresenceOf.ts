import { useMemo } from 'react';

import { counterparts, type Conversation, type PresenceStatus } from '../../client';
import { usePresence } from '../../react';

/** Far more than fit a screen, and less than the server lets one watch. */
const MAX_WATCHED = 60;

/** By conversation of two: whether the other one is there. Only those in view are asked for. */
export function usePresenceOf(conversations: readonly Conversation[], inView: ReadonlySet<string>, me: string | null): ReadonlyMap<string, PresenceStatus> {
  const others = useMemo(() => {
    const seen = conversations.filter(({ id, kind }) => kind === 'DIRECT' && inView.has(id)).slice(0, MAX_WATCHED);
    return seen.flatMap((conversation) => counterparts(conversation, me).slice(0, 1).map(({ userId }) => ({ id: conversation.id, userId })));
  }, [conversations, inView, me]);
  const presence = usePresence(useMemo(() => others.map(({ userId }) => userId), [others]));
  return useMemo(() => new Map(others.flatMap(({ id, userId }) => (presence[userId] ? [[id, presence[userId].status] as const] : []))), [others, presence]);
}
