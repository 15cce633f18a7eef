/** One row, two lines: who and when; about what, what was said or is being said, and how much is unread. */

import { BellOff, Clock, Lock, MoreHorizontal, Pin, TriangleAlert } from 'lucide-react';
import { memo, useCallback, useRef, type KeyboardEvent, type MouseEvent } from 'react';

import { conversationName, counterparts, isMuted, isUnread, type Conversation, type PresenceStatus } from '../../client';
import { fullTimeOf, shortWhen } from '../format';
import { IconButton } from '../parts/Button';
import { conversationPath, openConversation } from '../router';
import { useLongPress } from '../thread/useLongPress';
import { ConversationPicture } from './ConversationPicture';
import type { Place } from './RowMenu';
import { useRowLine, type RowLine } from './useRowLine';

interface Props {
  conversation: Conversation;
  me: string | null;
  now: Date;
  open: boolean;
  presence: PresenceStatus | undefined;
  /** The last of the pinned ones, with others below it. */
  lastPinned: boolean;
  menuOpen: boolean;
  onMenu: (conversationId: string, place: Place) => void;
}

export const ConversationRow = memo(function ConversationRow({ conversation, me, now, open, presence, lastPinned, menuOpen, onMenu }: Props) {
  const { id, status, subject, lastMessage, kind, personal } = conversation;
  const link = useRef<HTMLAnchorElement>(null);
  const line = useRowLine(conversation, me, open);
  const muted = isMuted(conversation, now.getTime());
  const company = kind === 'DIRECT' ? counterparts(conversation, me)[0]?.companyName : null;
  const at = lastMessage?.createdAt ?? conversation.createdAt;
  const atRow = useCallback(() => {
    if (link.current) onMenu(id, placeOf(link.current));
  }, [id, onMenu]);
  const press = useLongPress(atRow);
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    openConversation(id);
  };
  const onContextMenu = (event: MouseEvent) => {
    press.onContextMenu(event);
    if (event.defaultPrevented) return;
    event.preventDefault();
    // By key there is no pointer, and browsers make one up.
    if (event.button === 2) onMenu(id, { left: event.clientX, top: event.clientY, width: 0, height: 0 });
    else atRow();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== '.' || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    atRow();
  };
  return (
    <li className="row-item" data-row={id} data-last-pinned={lastPinned}>
      <a
        ref={link}
        className="row"
        href={conversationPath(id)}
        data-move=""
        data-conversation={id}
        data-unread={isUnread(conversation)}
        data-muted={muted}
        data-menu={menuOpen}
        aria-current={open ? 'page' : undefined}
        aria-keyshortcuts="."
        onClick={follow}
        onKeyDown={onKeyDown}
        {...press}
        onContextMenu={onContextMenu}
      >
        <ConversationPicture conversation={conversation} me={me} presence={presence} />
        <span className="row-lines">
          <span className="row-line">
            <span className="row-who">
              <span className="row-name">{conversationName(conversation, me)}</span>
              {company && <span className="row-company">{company}</span>}
            </span>
            <span className="row-marks">
              {muted && <BellOff size={12} strokeWidth={2} aria-label="Muted" />}
              {personal.pinnedAt !== null && <Pin size={12} strokeWidth={2} aria-label="Pinned" />}
              <time className="row-when" dateTime={at} title={fullTimeOf(at)}>
                {shortWhen(at, now)}
              </time>
            </span>
          </span>
          <span className="row-line">
            <span className="row-what">
              {status === 'CLOSED' && <Lock size={12} strokeWidth={2} aria-label="Closed" />}
              {subject && <span className="row-subject">{subject.title}</span>}
              <LastWords line={line} />
            </span>
            <Unread conversation={conversation} />
          </span>
        </span>
      </a>
      {/* By key the row itself opens the same menu. */}
      <IconButton
        icon={MoreHorizontal}
        label={`More about ${conversationName(conversation, me)}`}
        className="row-more"
        tabIndex={-1}
        aria-haspopup="menu"
        aria-expanded={menuOpen}
        onClick={(event) => onMenu(id, placeOf(event.currentTarget))}
      />
    </li>
  );
});

function LastWords({ line }: { line: RowLine }) {
  return (
    <>
      {line.kind === 'sending' && <Clock size={12} strokeWidth={2} aria-label="Being sent" />}
      {line.kind === 'failed' && <TriangleAlert className="row-failed" size={12} strokeWidth={2} aria-label="Not sent" />}
      <span className="row-last" dir="auto" data-kind={line.kind}>
        {line.kind === 'draft' && <span className="row-draft">Draft: </span>}
        {line.text}
      </span>
    </>
  );
}

function Unread({ conversation: { unread, personal } }: { conversation: Conversation }) {
  if (unread > 0) {
    return (
      <span className="badge">
        <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
        <span className="visually-hidden">{unread} unread</span>
      </span>
    );
  }
  if (!personal.markedUnread) return null;
  return (
    <span className="badge badge-dot">
      <span className="visually-hidden">marked as unread</span>
    </span>
  );
}

function placeOf(element: HTMLElement): Place {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { left, top, width, height };
}
