/** Who this is with and about what, and what can be done with the whole conversation. */

import { ArrowLeft, BellOff, Link2, Lock, LockOpen, LogOut, MoreHorizontal, PanelRight, Search, Trash2 } from 'lucide-react';
import { use, useMemo, useState } from 'react';

import { conversationName, counterparts, isMuted, type Conversation, type Presence } from '../../client';
import { useMe, usePresence } from '../../react';
import { copyText } from '../copy';
import { countryName, priceOf } from '../format';
import { DeleteConfirm, LeaveConfirm } from '../groups/EndDialogs';
import { ConversationPicture } from '../list/ConversationPicture';
import { KeepItems } from '../list/KeepItems';
import { MuteDialog } from '../list/MuteDialog';
import { useMinute } from '../list/useMinute';
import { IconButton } from '../parts/Button';
import { Menu, MenuItem, MenuLine } from '../parts/Menu';
import { presenceWords } from '../presence';
import { conversationPath } from '../router';
import { SearchHere } from '../search/SearchHere';

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

type Asking = 'mute' | 'leave' | 'delete' | null;

export function ThreadHead({ id, conversation, onBack, onDetails, detailsShown, tight, onStatus }: Props) {
  const me = useMe();
  const now = useMinute();
  const presence = usePartnerPresence(conversation, me);
  const [asking, setAsking] = useState<Asking>(null);
  const end = () => setAsking(null);
  return (
    <header className="thread-head">
      <IconButton icon={ArrowLeft} label="Back to conversations" className="thread-back" onClick={onBack} />
      {conversation && <ConversationPicture conversation={conversation} me={me} presence={presence?.status} />}
      <div className="thread-title">
        <h1>
          {conversation ? conversationName(conversation, me) : ' '}
          {conversation && isMuted(conversation, now.getTime()) && <BellOff size={14} strokeWidth={2} aria-label="Muted" />}
        </h1>
        <p>
          {presence && <PresenceNote presence={presence} now={now} />}
          {conversation ? about(conversation, me, !tight && !detailsShown) : ' '}
        </p>
      </div>
      <div className="thread-tools">
        <IconButton icon={PanelRight} label={detailsShown ? 'Hide details' : 'Show details'} aria-expanded={detailsShown} onClick={onDetails} />
        {conversation ? <HeadMenu id={id} conversation={conversation} onStatus={onStatus} onAsk={setAsking} /> : null}
      </div>
      {conversation && asking === 'mute' && <MuteDialog conversation={conversation} onClose={end} />}
      {conversation && asking === 'leave' && <LeaveConfirm conversation={conversation} onClose={end} />}
      {conversation && asking === 'delete' && <DeleteConfirm conversation={conversation} onClose={end} />}
    </header>
  );
}

interface MenuProps {
  id: string;
  conversation: Conversation;
  onStatus: Props['onStatus'];
  onAsk: (asking: Asking) => void;
}

function HeadMenu({ id, conversation, onStatus, onAsk }: MenuProps) {
  const searchHere = use(SearchHere);
  return (
    <Menu label="Conversation" trigger={<IconButton icon={MoreHorizontal} label="More about this conversation" />}>
      <MenuItem icon={Search} onSelect={searchHere}>
        Search in this conversation
      </MenuItem>
      <MenuItem icon={Link2} onSelect={() => void copyText(location.origin + conversationPath(id), 'Link copied')}>
        Copy link
      </MenuItem>
      <MenuLine />
      <KeepItems conversation={conversation} onMute={() => onAsk('mute')} />
      <MenuLine />
      {conversation.status === 'CLOSED' ? (
        <MenuItem icon={LockOpen} onSelect={() => onStatus('ACTIVE')}>
          Reopen conversation
        </MenuItem>
      ) : (
        <MenuItem icon={Lock} onSelect={() => onStatus('CLOSED')}>
          Close conversation
        </MenuItem>
      )}
      {conversation.kind === 'GROUP' && (
        <MenuItem icon={LogOut} onSelect={() => onAsk('leave')}>
          Leave group
        </MenuItem>
      )}
      <MenuItem icon={Trash2} danger onSelect={() => onAsk('delete')}>
        Delete conversation
      </MenuItem>
    </Menu>
  );
}

function PresenceNote({ presence, now }: { presence: Presence; now: Date }) {
  const words = presenceWords(presence, now);
  if (words === null) return null;
  return (
    <span className="thread-there" data-status={presence.status}>
      {words}
      <span aria-hidden="true"> · </span>
    </span>
  );
}

/** Of the other one, in a conversation of two. */
function usePartnerPresence(conversation: Conversation | null, me: string | null): Presence | undefined {
  const other = conversation?.kind === 'DIRECT' ? counterparts(conversation, me)[0]?.userId : undefined;
  const presence = usePresence(useMemo(() => (other === undefined || other === me ? [] : [other]), [other, me]));
  return other === undefined ? undefined : presence[other];
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
