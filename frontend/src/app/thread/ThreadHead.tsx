/** Who this is with and about what, and what can be done with the whole conversation. */

import { ArrowLeft, Link2, Lock, LockOpen, MoreHorizontal, PanelRight, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { conversationName, counterparts, toMessagingError, type Conversation } from '../../client';
import { useMe, useSocket } from '../../react';
import { copyText } from '../copy';
import { countryName, priceOf } from '../format';
import { ConversationPicture } from '../list/ConversationPicture';
import { IconButton } from '../parts/Button';
import { Confirm } from '../parts/Dialog';
import { Menu, MenuItem, MenuLine } from '../parts/Menu';
import { notice } from '../parts/toasts';
import { conversationPath } from '../router';

interface Props {
  id: string;
  conversation: Conversation | null;
  onBack: () => void;
  onDetails: () => void;
  detailsShown: boolean;
  /** There is no room for the details beside the talk. */
  tight: boolean;
  onStatus: (status: Conversation['status']) => void;
}

export function ThreadHead({ id, conversation, onBack, onDetails, detailsShown, tight, onStatus }: Props) {
  const client = useSocket();
  const me = useMe();
  const [asking, setAsking] = useState(false);
  const remove = () => {
    client.deleteConversation(id).catch((error: unknown) => {
      notice('The conversation could not be deleted', toMessagingError(error).message);
    });
  };
  return (
    <header className="thread-head">
      <IconButton icon={ArrowLeft} label="Back to conversations" className="thread-back" onClick={onBack} />
      {conversation && <ConversationPicture conversation={conversation} me={me} />}
      <div className="thread-title">
        <h1>{conversation ? conversationName(conversation, me) : ' '}</h1>
        <p>{conversation ? about(conversation, me, !tight && !detailsShown) : ' '}</p>
      </div>
      <div className="thread-tools">
        <IconButton icon={PanelRight} label={detailsShown ? 'Hide details' : 'Show details'} aria-expanded={detailsShown} onClick={onDetails} />
        <Menu label="Conversation" trigger={<IconButton icon={MoreHorizontal} label="More about this conversation" />}>
          <MenuItem icon={Link2} onSelect={() => void copyText(location.origin + conversationPath(id), 'Link copied')}>
            Copy link
          </MenuItem>
          {conversation?.status === 'CLOSED' ? (
            <MenuItem icon={LockOpen} onSelect={() => onStatus('ACTIVE')}>
              Reopen conversation
            </MenuItem>
          ) : (
            <MenuItem icon={Lock} onSelect={() => onStatus('CLOSED')}>
              Close conversation
            </MenuItem>
          )}
          <MenuLine />
          <MenuItem icon={Trash2} danger onSelect={() => setAsking(true)}>
            Delete conversation
          </MenuItem>
        </Menu>
      </div>
      {asking && (
        <Confirm
          title="Delete this conversation?"
          text="It is deleted for everyone in it, with all its messages. This cannot be undone."
          action="Delete conversation"
          onClose={() => setAsking(false)}
          onConfirm={remove}
        />
      )}
    </header>
  );
}

/** Who it is with, and the subject where it is not shown elsewhere. */
function about(conversation: Conversation, me: string | null, withSubject: boolean): string {
  const { subject, kind } = conversation;
  const others = counterparts(conversation, me);
  const [first] = others;
  const who = kind === 'DIRECT' ? [first?.companyName, countryName(first?.country ?? null)] : [`${conversation.participants.length} people`];
  if (!withSubject || !subject) return who.filter(Boolean).join(' · ');
  return [...who, subject.title, priceOf(subject)].filter(Boolean).join(' · ');
}
