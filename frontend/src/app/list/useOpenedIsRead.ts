import { useEffect, useRef } from 'react';

import { useClientState, useSocket } from '../../react';

/** Opening a conversation takes its being marked as unread away; marking the open one keeps the mark until it is opened again. */
export function useOpenedIsRead(conversationId: string | null): void {
  const client = useSocket();
  const known = useClientState((state) => conversationId !== null && state.conversations[conversationId] !== undefined);
  const opened = useRef<string | null>(null);
  useEffect(() => {
    if (conversationId === null) opened.current = null;
    if (conversationId === null || !known || opened.current === conversationId) return;
    opened.current = conversationId;
    if (client.store.get().conversations[conversationId]?.personal.markedUnread !== true) return;
    client.setPersonal(conversationId, { markedUnread: false }).catch(() => undefined);
  }, [client, conversationId, known]);
}
