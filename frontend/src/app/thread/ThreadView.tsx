/**
 * The messages, drawn only where they can be seen. The list is anchored at its end: older pages grow it upwards
 * without moving what is read, and news follow only a reader who is at the end.
 */

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown, Undo2 } from 'lucide-react';
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { receiptOf, type Conversation } from '../../client';
import { useMe, type Messages } from '../../react';
import { onCopyOfThread } from '../copy';
import { dayName, fullTimeOf } from '../format';
import { useMinute } from '../list/useMinute';
import type { Mention } from '../text/ast';
import { isTouch } from '../viewport';
import { systemWords } from '../words';
import { ActionsContext, type MessageActions, type RowActions } from './actions';
import { MessageRow } from './MessageRow';
import { seqNear } from './place';
import { ReactPopover } from './ReactPopover';
import { lastOwn } from './receipt';
import { estimateHeight, rowsOf, seqOf, type Row, type Said } from './rows';
import { ThreadStart } from './ThreadStart';
import { useLanding, type Align } from './useLanding';
import { useLogKeys } from './useLogKeys';
import { useNewLine } from './useNewLine';
import { usePinned } from './usePinned';
import { useReacting } from './useReacting';
import { useAttending, usePages, useReading } from './useReading';

const NEAR_END_PX = 80;
const CHAR_PX = 6.9;
/** The row's edges, the widest bubble, what is beside it, and its edges: as in the stylesheet. */
const [ROW_PX, COLUMN_PX, BUBBLE_PX, BESIDE_PX, INSIDE_PX] = [40, 720, 560, 132, 24];

interface Props {
  conversation: Conversation;
  thread: Messages;
  /** Whom a text may name. */
  people: readonly Mention[];
  at: number | null;
  /** Grows with every message that one sends here. */
  sent: number;
  actions: MessageActions;
}

export function ThreadView({ conversation, thread, people, at, sent, actions }: Props) {
  const me = useMe();
  const scroller = useRef<HTMLDivElement>(null);
  const newAfter = useNewLine(conversation, me, sent);
  const { messages, outgoing, deleting, hasBefore, hasAfter, loading } = thread;
  const rows = useMemo(() => rowsOf({ messages, outgoing, me, hasBefore, newAfter }), [messages, outgoing, me, hasBefore, newAfter]);
  // It is a live object, not a value: nothing of it is kept from one drawing to the next.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimateHeight(rows[index], charsPerLine(scroller.current)),
    getItemKey: (index) => rows[index]?.key ?? index,
    anchorTo: 'end',
    followOnAppend: !hasAfter,
    scrollEndThreshold: NEAR_END_PX,
    // As far as one turns a wheel: what comes into view has been measured.
    overscan: 12,
    paddingEnd: 8,
  });
  const items = virtual.getVirtualItems();
  const atEnd = virtual.isAtEnd(NEAR_END_PX) && !hasAfter;

  const go = useCallback(
    (index: number | null, align: Align) => {
      if (index === null) virtual.scrollToEnd();
      else virtual.scrollToIndex(index, { align });
    },
    [virtual],
  );
  const { landed, marked, jump } = useLanding(rows, at, thread, go);
  usePinned(
    scroller,
    () => virtual.isAtEnd(NEAR_END_PX),
    () => virtual.scrollToEnd(),
  );
  useLayoutEffect(() => {
    if (sent > 0) virtual.scrollToEnd();
  }, [sent, virtual]);
  usePages(virtual.range, rows.length, landed, thread);
  useReading(rows, virtual.range, landed, thread);
  useAttending(rows, virtual.range, atEnd, thread);

  const { picking, verbs, stay, close } = useReacting();
  const [origin, setOrigin] = useOrigin(landed && atEnd);
  const keys = useLogKeys({ scroller, rows, drawn: items, endIndex: virtual.range?.endIndex ?? -1, show: (index) => virtual.scrollToIndex(index, { align: 'auto' }) });
  const startIndex = virtual.range?.startIndex ?? 0;
  const place = useRef<number | null>(null);
  useLayoutEffect(() => {
    place.current = seqNear(rows, startIndex);
  });
  const rowActions: RowActions = useMemo(
    () => ({
      ...actions,
      ...verbs,
      jump: (seq) => {
        setOrigin((before) => before ?? place.current);
        jump(seq);
      },
    }),
    [actions, verbs, jump, setOrigin],
  );
  const toLatest = async () => {
    if (hasAfter) await thread.loadNewest();
    virtual.scrollToEnd();
  };
  const mine = lastOwn(rows);
  const now = useMinute();
  const draw = (row: Row | undefined) => {
    if (row === undefined) return null;
    switch (row.kind) {
      case 'start':
        return <ThreadStart conversation={conversation} me={me} />;
      case 'day':
        return <h2 className="day">{dayName(row.at, now)}</h2>;
      case 'new':
        return <p className="new-line">New</p>;
      case 'system':
        return (
          <p className="system-line" title={fullTimeOf(row.message.createdAt)} data-marked={marked !== null && seqOf(row) === marked}>
            {systemWords(row.message, me)}
          </p>
        );
      default:
        return (
          <MessageRow
            row={row}
            me={me}
            group={conversation.kind === 'GROUP'}
            people={people}
            marked={marked !== null && seqOf(row) === marked}
            active={row.key === keys.activeKey}
            deleting={row.kind === 'message' && deleting[row.message.id] !== undefined}
            receipt={row.key === mine?.key ? receiptUnder(row, conversation, me, deleting) : null}
          />
        );
    }
  };
  const reacted = picking && messages.find(({ id, deletedAt }) => id === picking.messageId && deletedAt === null);

  return (
    <ActionsContext value={rowActions}>
      <div className="log-frame">
        {/* The keys scroll it, and go from message to message. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
        <div
          ref={scroller}
          className="log"
          role="log"
          aria-label="Messages"
          aria-live="off"
          tabIndex={keys.tabIndex}
          data-loading={loading ?? undefined}
          onCopy={onCopyOfThread}
          onKeyDown={keys.onKeyDown}
          onFocus={keys.onFocus}
          onBlur={keys.onBlur}
          onScroll={picking?.what === 'quick' ? close : undefined}
        >
          <div className="log-space" style={{ height: virtual.getTotalSize() }}>
            <div className="log-rows" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
              {items.map((item) => (
                <div key={item.key} data-index={item.index} ref={virtual.measureElement} className="log-row">
                  {draw(rows[item.index])}
                </div>
              ))}
            </div>
          </div>
        </div>
        {loading === 'before' && <span className="log-busy" role="status" aria-label="Loading older messages" />}
        <div className="jumps">
          {origin !== null && (
            <button
              type="button"
              className="jump"
              onClick={() => {
                setOrigin(null);
                jump(origin, 'start');
              }}
            >
              <Undo2 size={16} strokeWidth={2} aria-hidden="true" />
              Back
              <span className="visually-hidden"> to where you were</span>
            </button>
          )}
          {landed && !atEnd && (
            <button type="button" className="jump" onClick={() => void toLatest()}>
              <ArrowDown size={16} strokeWidth={2} aria-hidden="true" />
              {conversation.unread > 0 ? `${conversation.unread} new` : 'Latest'}
            </button>
          )}
        </div>
      </div>
      {picking && reacted && (
        <ReactPopover
          key={picking.what}
          picking={picking}
          message={reacted}
          me={me}
          onReact={(emoji) => actions.react(reacted, emoji)}
          onAll={() => verbs.pick(reacted, picking.anchor, 'all')}
          onStay={stay}
          onUnhover={verbs.unhover}
          onClose={close}
        />
      )}
    </ActionsContext>
  );
}

/** Where the reader was before they followed a quote: a `seq`, until they are at the end again. */
function useOrigin(atEnd: boolean) {
  const [origin, setOrigin] = useState<number | null>(null);
  if (origin !== null && atEnd) setOrigin(null);
  return [origin, setOrigin] as const;
}

function receiptUnder(row: Said, conversation: Conversation, me: string | null, deleting: Messages['deleting']) {
  if (row.kind === 'message' && (row.message.deletedAt !== null || deleting[row.message.id] !== undefined)) return null;
  return receiptOf(conversation, row.kind === 'message' ? row.message : row.outgoing, me);
}

function charsPerLine(element: HTMLElement | null): number {
  const row = Math.min((element?.clientWidth ?? Infinity) - ROW_PX, COLUMN_PX);
  const bubble = Math.min(BUBBLE_PX, row * 0.82, isTouch() ? Infinity : row - BESIDE_PX);
  return Math.max(16, Math.floor((bubble - INSIDE_PX) / CHAR_PX));
}
