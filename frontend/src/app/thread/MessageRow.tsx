/** One message in its group, with what can be done with it and, under one's last, what became of it. */

import { Clock, CornerUpLeft, Forward, SmilePlus } from 'lucide-react';
import { memo, useCallback, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';

import { personName, type Message, type Outgoing, type Receipt } from '../../client';
import { MessageFiles } from '../files/MessageFiles';
import { OutgoingFiles, OutgoingProgress, TakeBack } from '../files/OutgoingFiles';
import { fullTimeOf, timeOf } from '../format';
import { Avatar } from '../parts/Avatar';
import { IconButton } from '../parts/Button';
import type { Mention } from '../text/ast';
import { MessageText } from '../text/MessageText';
import { useActions, type RowActions } from './actions';
import { MessageMenu } from './MessageMenu';
import { QuoteBlock } from './QuoteBlock';
import { ReactionPills } from './ReactionPills';
import { ReceiptLine } from './ReceiptLine';
import type { Said } from './rows';
import { useLongPress } from './useLongPress';
import { useSwipe } from './useSwipe';
import { waitingWords } from '../words';
import { namedIn } from './words';

interface Props {
  row: Said;
  me: string | null;
  group: boolean;
  /** Whom a text may name. */
  people: readonly Mention[];
  marked: boolean;
  /** It is the one that the keys are at. */
  active: boolean;
  /** It is deleted in a moment, unless that is undone. */
  deleting: boolean;
  /** What became of it; only under the last of one's own. */
  receipt: Receipt | null;
}

export const MessageRow = memo(function MessageRow({ row, me, group, people, marked, active, deleting, receipt }: Props) {
  const tabIndex = active ? 0 : -1;
  const [open, setOpen] = useState(false);
  return (
    <Frame row={row} me={me} marked={marked} tabIndex={tabIndex} onMenu={() => setOpen(true)}>
      {row.first && <Head row={row} named={group} />}
      {row.kind === 'message' ? (
        <Stored message={row.message} me={me} group={group} people={people} deleting={deleting} open={open} onOpenChange={setOpen} tabIndex={tabIndex} />
      ) : (
        <Unsent outgoing={row.outgoing} me={me} people={people} tabIndex={tabIndex} />
      )}
      {receipt !== null && <Fate row={row} receipt={receipt} group={group} tabIndex={tabIndex} />}
    </Frame>
  );
});

interface FrameProps {
  row: Said;
  me: string | null;
  marked: boolean;
  tabIndex: number;
  onMenu: () => void;
  children: ReactNode;
}

/** The keys of a message work while it has the focus itself, not a part of it. */
function Frame({ row, me, marked, tabIndex, onMenu, children }: FrameProps) {
  const actions = useActions();
  const message = row.kind === 'message' && row.message.deletedAt === null ? row.message : null;
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = event.key === 'Escape' ? actions.leave : message && keysOf(message, event.currentTarget, actions, onMenu)[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    // A message takes the focus, so that keys can reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <article
      className="said"
      data-own={row.own}
      data-first={row.first}
      data-last={row.last}
      data-marked={marked}
      data-named={message !== null && me !== null && message.mentions.includes(me)}
      aria-label={row.own ? 'You' : personName(row.message.sender)}
      tabIndex={tabIndex}
      onKeyDown={onKeyDown}
    >
      {!row.own && (
        <span className="said-face">
          {row.first && <Avatar id={row.message.sender.id} name={personName(row.message.sender)} url={row.message.sender.avatarUrl} size="s" />}
        </span>
      )}
      <div className="said-body">{children}</div>
    </article>
  );
}

function keysOf(message: Message, element: HTMLElement, actions: RowActions, onMenu: () => void): Record<string, (() => void) | undefined> {
  return {
    Enter: onMenu,
    r: actions.canReply() ? () => actions.reply(message) : undefined,
    f: () => actions.forward(message),
    '+': () => actions.pick(message, element.querySelector<HTMLElement>('.bubble') ?? element, 'quick'),
    e: actions.canEdit(message) ? () => actions.edit(message) : undefined,
    Delete: actions.canDelete(message) ? () => actions.remove(message) : undefined,
  };
}

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

interface StoredProps {
  message: Message;
  me: string | null;
  group: boolean;
  people: readonly Mention[];
  deleting: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  tabIndex: number;
}

function Stored({ message, me, group, people, deleting, open, onOpenChange, tabIndex }: StoredProps) {
  const actions = useActions();
  const line = useRef<HTMLDivElement>(null);
  const bubble = useRef<HTMLDivElement>(null);
  const press = useLongPress(useCallback(() => onOpenChange(true), [onOpenChange]));
  const usable = message.deletedAt === null && !deleting;
  useSwipe(
    line,
    useCallback(() => {
      if (usable && actions.canReply()) actions.reply(message);
    }, [actions, message, usable]),
  );
  const mentions = useMemo(() => namedIn(message.mentions, people), [message.mentions, people]);
  if (message.deletedAt !== null) return <p className="bubble bubble-deleted">Message deleted</p>;
  if (deleting) return <Deleting messageId={message.id} tabIndex={tabIndex} />;
  return (
    <>
      <div ref={line} className="bubble-line" {...press}>
        <div ref={bubble} className="bubble" title={fullTimeOf(message.createdAt)}>
          {message.forwarded && <Forwarded />}
          {message.replyTo && <QuoteBlock quote={message.replyTo} me={me} tabIndex={tabIndex} onJump={actions.jump} />}
          <MessageFiles attachments={message.attachments} />
          {(message.content !== '' || message.editedAt !== null) && (
            <MessageText
              text={message.content}
              mentions={mentions}
              me={me}
              after={message.editedAt !== null && <Edited at={message.editedAt} tabIndex={tabIndex} onOpen={() => actions.versions(message)} />}
            />
          )}
        </div>
        <div className="bubble-tools">
          <IconButton
            icon={SmilePlus}
            label="React"
            className="bubble-tool"
            tabIndex={tabIndex}
            onPointerEnter={(event) => {
              if (event.pointerType === 'mouse') actions.hover(message, event.currentTarget);
            }}
            onPointerLeave={actions.unhover}
            onClick={(event) => actions.pick(message, event.currentTarget, 'quick')}
          />
          {actions.canReply() && <IconButton icon={CornerUpLeft} label="Reply" className="bubble-tool" tabIndex={tabIndex} onClick={() => actions.reply(message)} />}
          <MessageMenu message={message} me={me} group={group} open={open} onOpenChange={onOpenChange} anchor={bubble} tabIndex={tabIndex} />
        </div>
      </div>
      {message.reactions.length > 0 && <ReactionPills message={message} me={me} tabIndex={tabIndex} />}
    </>
  );
}

function Deleting({ messageId, tabIndex }: { messageId: string; tabIndex: number }) {
  const { undo } = useActions();
  return (
    <p className="bubble bubble-deleted">
      Deleting…{' '}
      <button type="button" className="bubble-undo" tabIndex={tabIndex} onClick={() => undo(messageId)}>
        Undo
      </button>
    </p>
  );
}

function Forwarded() {
  return (
    <span className="bubble-forwarded" data-aside="">
      <Forward size={12} strokeWidth={2} aria-hidden="true" /> Forwarded
    </span>
  );
}

/** Not a part of the text: it is not copied with it. */
function Edited({ at, tabIndex, onOpen }: { at: string; tabIndex: number; onOpen: () => void }) {
  return (
    <button type="button" className="bubble-edited" data-aside="" title={`Edited ${fullTimeOf(at)}`} tabIndex={tabIndex} onClick={onOpen}>
      edited
    </button>
  );
}

function Unsent({ outgoing, me, people, tabIndex }: { outgoing: Outgoing; me: string | null; people: readonly Mention[]; tabIndex: number }) {
  const { retry, discard, jump } = useActions();
  const { clientId, content, attachments, status, error, replyTo, forwardOf, tab, saving } = outgoing;
  const mentions = useMemo(() => namedIn(outgoing.mentions, people), [outgoing.mentions, people]);
  return (
    <>
      <div className="bubble-line">
        <div className="bubble" data-status={status}>
          {forwardOf && <Forwarded />}
          {replyTo && <QuoteBlock quote={replyTo} me={me} tabIndex={tabIndex} onJump={jump} />}
          <OutgoingFiles outgoing={outgoing} />
          {content !== '' && <MessageText text={content} mentions={mentions} me={me} />}
        </div>
      </div>
      <OutgoingProgress outgoing={outgoing} />
      {status === 'failed' && (
        <span className="said-failed" role="alert">
          <span>Not sent: {error?.message ?? 'refused'}</span>
          <button type="button" onClick={() => retry(clientId)}>
            Retry
          </button>
          <TakeBack outgoing={outgoing} />
          <button type="button" onClick={() => discard(clientId)}>
            Discard
          </button>
        </span>
      )}
      {status === 'waiting' && !saving && (tab !== null || attachments.every(({ attachment }) => attachment !== null)) && (
        <span className="said-fate" data-passing="true">
          <Clock size={12} strokeWidth={2} aria-hidden="true" /> {waitingWords(outgoing)}
        </span>
      )}
    </>
  );
}

function Fate({ row, receipt, group, tabIndex }: { row: Said; receipt: Receipt; group: boolean; tabIndex: number }) {
  const { readers } = useActions();
  const message = row.kind === 'message' ? row.message : null;
  const onOpen = message !== null && group ? () => readers(message) : null;
  return <ReceiptLine receipt={receipt} sentAt={row.kind === 'message' ? row.message.createdAt : row.outgoing.createdAt} onOpen={onOpen} tabIndex={tabIndex} />;
}
