import { useEffect } from 'react';

import { conversationName } from '../client';
import { useClientState, useMe } from '../react';
import { useLoudUnread } from './list/Filters';

const PRODUCT = 'StockENT Messages';

/** The tab says how much is unread, and what is open. */
export function useTitle(conversationId: string | null): void {
  const total = useLoudUnread();
  const me = useMe();
  const conversation = useClientState((state) => (conversationId === null ? undefined : state.conversations[conversationId]));
  const name = conversation ? `${conversationName(conversation, me)} · ${PRODUCT}` : PRODUCT;
  useEffect(() => {
    document.title = total > 0 ? `(${total}) ${name}` : name;
  }, [total, name]);
}
