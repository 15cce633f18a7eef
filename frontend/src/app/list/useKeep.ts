/** Keeping a conversation one's own way: what was asked is shown at once, a refusal is told. */

import { useMemo } from 'react';

import { isUnread, toMessagingError, type Conversation, type MessagingClient, type PersonalChange } from '../../client';
import { useSocket } from '../../react';
import { announce } from '../parts/announcer';
import { notice } from '../parts/toasts';

export interface Keep {
  pin: (pinned: boolean) => void;
  archive: (archived: boolean) => void;
  /** Null: hear of it again. */
  mute: (until: Date | null) => void;
  markUnread: () => void;
  markRead: () => void;
}

export function useKeep(conversation: Conversation): Keep {
  const client = useSocket();
  return useMemo(() => keepOf(client, conversation), [client, conversation]);
}

function keepOf(client: MessagingClient, conversation: Conversation): Keep {
  const { id, lastMessage } = conversation;
  const change = (wanted: PersonalChange, done: string) => {
    announce(done);
    client.setPersonal(id, wanted).catch((error: unknown) => notice('That could not be kept', toMessagingError(error).message));
  };
  return {
    pin: (pinned) => change({ pinned }, pinned ? 'Pinned' : 'Unpinned'),
    archive: (archived) => {
      change({ archived }, '');
      notice(archived ? 'Archived' : 'Back among your conversations', archived ? 'It returns with the next message.' : '', {
        label: 'Undo',
        act: () => change({ archived: !archived }, 'Undone'),
      });
    },
    mute: (until) => change({ mutedUntil: until === null ? null : until.toISOString() }, until === null ? 'Unmuted' : 'Muted'),
    markUnread: () => change({ markedUnread: true }, 'Marked as unread'),
    markRead: () => {
      if (isUnread(conversation) && conversation.personal.markedUnread) change({ markedUnread: false }, 'Marked as read');
      if (conversation.unread > 0) client.markRead(id, lastMessage?.seq ?? conversation.seq);
    },
  };
}
