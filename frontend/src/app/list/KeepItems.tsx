/** What one does with a conversation for oneself, as items of a menu. */

import { Archive, ArchiveRestore, Bell, BellOff, Mail, MailOpen, Pin, PinOff } from 'lucide-react';

import { isMuted, isUnread, type Conversation } from '../../client';
import { MenuItem } from '../parts/Menu';
import { useKeep } from './useKeep';
import { useMinute } from './useMinute';

interface Props {
  conversation: Conversation;
  /** Ask for how long. */
  onMute: () => void;
}

export function KeepItems({ conversation, onMute }: Props) {
  const keep = useKeep(conversation);
  const now = useMinute();
  const { pinnedAt, archived } = conversation.personal;
  const muted = isMuted(conversation, now.getTime());
  return (
    <>
      <MenuItem icon={pinnedAt === null ? Pin : PinOff} onSelect={() => keep.pin(pinnedAt === null)}>
        {pinnedAt === null ? 'Pin' : 'Unpin'}
      </MenuItem>
      <MenuItem icon={isUnread(conversation) ? MailOpen : Mail} onSelect={isUnread(conversation) ? keep.markRead : keep.markUnread}>
        {isUnread(conversation) ? 'Mark as read' : 'Mark as unread'}
      </MenuItem>
      <MenuItem icon={muted ? Bell : BellOff} onSelect={muted ? () => keep.mute(null) : onMute}>
        {muted ? 'Unmute' : 'Mute…'}
      </MenuItem>
      <MenuItem icon={archived ? ArchiveRestore : Archive} onSelect={() => keep.archive(!archived)}>
        {archived ? 'Take out of the archive' : 'Archive'}
      </MenuItem>
    </>
  );
}
