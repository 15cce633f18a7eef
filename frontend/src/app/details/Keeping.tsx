/** How I keep the conversation, and searching in it. Nobody else sees any of it. */

import { Archive, ArchiveRestore, Bell, BellOff, Mail, Pin, PinOff, Search, type LucideIcon } from 'lucide-react';
import { useState } from 'react';

import type { Conversation } from '../../client';
import { MuteDialog } from '../list/MuteDialog';
import { mutedWords } from '../list/mutes';
import { useKeep } from '../list/useKeep';

interface Props {
  conversation: Conversation;
  muted: boolean;
  now: Date;
  onSearch: () => void;
}

export function Keeping({ conversation, muted, now, onSearch }: Props) {
  const keep = useKeep(conversation);
  const [asking, setAsking] = useState(false);
  const { pinnedAt, archived, mutedUntil, markedUnread } = conversation.personal;
  return (
    <section className="details-part" aria-label="For you">
      <h2 className="details-heading">For you</h2>
      <Act icon={Search} onClick={onSearch}>
        Search in this conversation
      </Act>
      <Act icon={pinnedAt === null ? Pin : PinOff} onClick={() => keep.pin(pinnedAt === null)}>
        {pinnedAt === null ? 'Pin to the top' : 'Unpin'}
      </Act>
      <Act icon={muted ? Bell : BellOff} onClick={() => (muted ? keep.mute(null) : setAsking(true))} {...(muted && mutedUntil !== null && { note: mutedWords(mutedUntil, now) })}>
        {muted ? 'Unmute' : 'Mute…'}
      </Act>
      <Act icon={archived ? ArchiveRestore : Archive} onClick={() => keep.archive(!archived)}>
        {archived ? 'Take out of the archive' : 'Archive'}
      </Act>
      {!markedUnread && (
        <Act icon={Mail} onClick={keep.markUnread}>
          Mark as unread
        </Act>
      )}
      {asking && <MuteDialog conversation={conversation} onClose={() => setAsking(false)} />}
    </section>
  );
}

interface ActProps {
  icon: LucideIcon;
  children: string;
  note?: string;
  danger?: boolean;
  onClick: () => void;
}

/** One line of the details that does something. */
export function Act({ icon: Icon, children, note, danger = false, onClick }: ActProps) {
  return (
    <button type="button" className="act" data-danger={danger} onClick={onClick}>
      <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
      <span className="act-words">{children}</span>
      {note !== undefined && <span className="act-note">{note}</span>}
    </button>
  );
}
