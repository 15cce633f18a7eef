import { useState } from 'react';

import { readSeqOf, type Conversation } from '../../client';
import { usePageVisible } from '../viewport';

/**
 * After which `seq` the "new" line stands: what was unread when the conversation was opened, or came while the page
 * was out of sight. It stays while one reads, and goes with one's own next message.
 */
export function useNewLine(conversation: Conversation, me: string | null, sent: number): number | null {
  const visible = usePageVisible();
  const [line, setLine] = useState(() => (conversation.unread > 0 ? readSeqOf(conversation, me) : null));
  const [before, setBefore] = useState({ visible, sent });
  if (before.visible !== visible || before.sent !== sent) {
    setBefore({ visible, sent });
    if (before.sent !== sent) setLine(null);
    else if (!visible) setLine(conversation.unread > 0 ? readSeqOf(conversation, me) : conversation.seq);
  }
  return line;
}
