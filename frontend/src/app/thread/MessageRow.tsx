/** One message in its group, with what can be done with it and, under one's last, what became of it. */

import { Clock, Copy, Link2, MoreHorizontal, Pencil, Trash2 } from 'lucide-react';
import { memo, useCallback, useState } from 'react';

import { personName, type Message, type Outgoing } from '../../client';
import { copyMessage, copyText } from '../copy';
import { MessageFiles } from '../files/MessageFiles';
import { OutgoingFiles, OutgoingProgress } from '../files/OutgoingFiles';
import { fullTimeOf, timeOf } from '../format';
import { Avatar } from '../parts/Avatar';
import { IconButton } from '../parts/Button';
import { Menu, MenuItem, MenuLine } from '../parts/Menu';
import { conversationPath } from '../router';
import { MessageText } from '../text/MessageText';
import type { Said } from './rows';
import { useLongPress } from './useLongPress';

export interface MessageActions {
  edit: (message: Message) => void;
  remove: (message: Message) => void;
  retry: (clientId: string) => void;
  discard: (clientId: string) => void;
  returnFocus: () => void;
}

interface Props {
  row: Said;
  named: boolean;
  marked: boolean;
  editable: boolean;
  /** What became of it; only under the last of one's own. */
  fate: string | null;
  actions: MessageActions;
}

export const MessageRow = memo(function MessageRow({ row, named, marked, editable, fate, actions }: Props) {
  return (
    <article className="said" data-own={row.own} data-first={row.first} data-last={row.last} data-marked={marked} aria-label={labelOf(row)}>
      {!row.own && (
        <span className="said-face">
          {row.first && <Avatar id={row.message.sender.id} name={personName(row.message.sender)} url={row.message.sender.avatarUrl} size="s" />}
        </span>
      )}
      <div className="said-body">
        {row.first && <Head row={row} named={named} />}
        {row.kind === 'message' ? (
          <Stored message={row.message} own={row.own} editable={editable} actions={actions} />
        ) : (
          <Unsent outgoing={row.outgoing} actions={actions} />
        )}
        {fate !== null && <span className="said-fate" data-passing={row.kind === 'outgoing'}>{fate}</span>}
      </div>
    </article>
  );
});

function Head({ row, named }: { row: Said; named: boolean }) {
  const at = row.kind === 'message' ? row.message.createdAt : row.outgoing.createdAt;
  return (
    <span className="said-head">
      {named && !row.own && <span className="said-name">{personName(row.message.sender)}</span>}
      <time dateTime={at} title={fullTimeOf(at)}>
        {timeOf(at)}
      </time>
    </span>
  );
}

function Stored({ message, own, editable, actions }: { message: Message; own: boolean; editable: boolean; actions: MessageActions }) {
  const [open, setOpen] = useState(false);
  const press = useLongPress(useCallback(() => setOpen(true), []));
  if (message.deletedAt !== null) return <p className="bubble bubble-deleted">Message deleted</p>;
  const link = location.origin + conversationPath(message.conversationId, message.seq);
  return (
    <div className="bubble-line" {...press}>
      <div className="bubble" title={fullTimeOf(message.createdAt)}>
        <MessageFiles attachments={message.attachments} />
        {(message.content !== '' || message.editedAt !== null) && (
          <MessageText text={message.content} after={message.editedAt !== null && <Edited at={message.editedAt} />} />
        )}
      </div>
      <Menu
        label="Message"
        align={own ? 'end' : 'start'}
        open={open}
        onOpenChange={setOpen}
        trigger={<IconButton icon={MoreHorizontal} label="Message actions" className="bubble-more" />}
        returnFocus={actions.returnFocus}
      >
        {own && editable && (
          <MenuItem icon={Pencil} onSelect={() => actions.edit(message)}>
            Edit
          </MenuItem>
        )}
        <MenuItem icon={Copy} onSelect={() => void copyMessage(message.content, 'Text copied')}>
          Copy text
        </MenuItem>
        <MenuItem icon={Link2} onSelect={() => void copyText(link, 'Link copied')}>
          Copy link
        </MenuItem>
        {own && (
          <>
            <MenuLine />
            <MenuItem icon={Trash2} danger onSelect={() => actions.remove(message)}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
    </div>
  );
}

/** Not a part of the text: it is not copied with it. */
function Edited({ at }: { at: string }) {
  return (
    <span className="bubble-edited" data-aside="" title={`Edited ${fullTimeOf(at)}`}>
      edited
    </span>
  );
}

function Unsent({ outgoing, actions }: { outgoing: Outgoing; actions: MessageActions }) {
  const { clientId, content, attachments, status, error } = outgoing;
  return (
    <>
      <div className="bubble-line">
        <div className="bubble" data-status={status}>
          <OutgoingFiles outgoing={outgoing} />
          {content !== '' && <MessageText text={content} />}
        </div>
      </div>
      <OutgoingProgress outgoing={outgoing} />
      {status === 'failed' && (
        <span className="said-failed" role="alert">
          <span>Not sent: {error?.message ?? 'refused'}</span>
          <button type="button" onClick={() => actions.retry(clientId)}>
            Retry
          </button>
          <button type="button" onClick={() => actions.discard(clientId)}>
            Discard
          </button>
        </span>
      )}
      {status === 'waiting' && attachments.every(({ attachment }) => attachment !== null) && (
        <span className="said-fate" data-passing="true">
          <Clock size={12} strokeWidth={2} aria-hidden="true" /> Waiting to be sent
        </span>
      )}
    </>
  );
}

function labelOf(row: Said): string {
  return row.own ? 'You' : personName(row.message.sender);
}
