/**
 * The messages, drawn only where they can be seen. The list is anchored at its end: older pages grow it upwards
 * without moving what is read, and news follow only a reader who is at the end.
 */

import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { readSeqOf, type Conversation, type Message } from '../../client';
import { useMe, type Messages } from '../../react';
import { onCopyOfThread } from '../copy';
import { dayName } from '../format';
import { useMinute } from '../list/useMinute';
import { usePageVisible } from '../viewport';
import { fateOf, lastOwn } from './fate';
import { MessageRow, type MessageActions } from './MessageRow';
import { estimateHeight, rowsOf, seqOf, type Row } from './rows';
import { ThreadStart } from './ThreadStart';
import { useNewLine } from './useNewLine';
import { usePinned } from './usePinned';

/** So many rows before an edge the next page is fetched. */
const EDGE_ROWS = 12;
const NEAR_END_PX = 80;
const CHAR_PX = 7.2;
const MARK_MS = 2_400;

interface Props {
  conversation: Conversation;
  thread: Messages;
  at: number | null;
  /** Grows with every message that one sends here. */
  sent: number;
  onEdit: (message: Message) => void;
  onDelete: (message: Message) => void;
  onLeave: () => void;
}

export function ThreadView({ conversation, thread, at, sent, onEdit, onDelete, onLeave }: Props) {
  const me = useMe();
  const scroller = useRef<HTMLDivElement>(null);
  const newAfter = useNewLine(conversation, me, sent);
  const { messages, outgoing, hasBefore, hasAfter, loading } = thread;
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
    overscan: 8,
    paddingEnd: 8,
  });
  const items = virtual.getVirtualItems();
  const first = items[0];
  const atEnd = virtual.isAtEnd(NEAR_END_PX);

  const go = useCallback(
    (index: number | null, align: 'center' | 'start') => {
      if (index === null) virtual.scrollToEnd();
      else virtual.scrollToIndex(index, { align });
    },
    [virtual],
  );
  const landed = useLanding(rows, at, go);
  usePinned(
    scroller,
    () => virtual.isAtEnd(NEAR_END_PX),
    () => virtual.scrollToEnd(),
  );
  useLayoutEffect(() => {
    if (sent > 0) virtual.scrollToEnd();
  }, [sent, virtual]);
  usePages(thread, virtual.range, rows.length, landed);
  useReading(conversation, rows, virtual.range?.endIndex ?? -1, me, thread.markRead);

  const { retry, discard } = thread;
  const actions: MessageActions = useMemo(
    () => ({ edit: onEdit, remove: onDelete, retry, discard, returnFocus: onLeave }),
    // The two come from the pane anew each time; what they do is the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [retry, discard],
  );
  const toLatest = async () => {
    if (hasAfter) await thread.loadNewest();
    virtual.scrollToEnd();
  };
  const mine = lastOwn(rows);
  const marked = useMarked(at);
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
        return <p className="system-line">{row.message.content}</p>;
      default:
        return (
          <MessageRow
            row={row}
            named={conversation.kind === 'GROUP'}
            marked={marked !== null && seqOf(row) === marked}
            editable={conversation.status === 'ACTIVE'}
            fate={mine !== null && row.key === mine.key ? fateOf(row, conversation, me) : null}
            actions={actions}
          />
        );
    }
  };

  return (
    <div className="log-frame">
      {/* Focusable, so that the keys scroll it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div ref={scroller} className="log" role="log" aria-label="Messages" aria-live="off" tabIndex={0} data-loading={loading ?? undefined} onCopy={onCopyOfThread}>
        <div className="log-space" style={{ height: virtual.getTotalSize() }}>
          <div className="log-rows" style={{ transform: `translateY(${first?.start ?? 0}px)` }}>
            {items.map((item) => (
              <div key={item.key} data-index={item.index} ref={virtual.measureElement} className="log-row">
                {draw(rows[item.index])}
              </div>
            ))}
          </div>
        </div>
      </div>
      {loading === 'before' && <span className="log-busy" role="status" aria-label="Loading older messages" />}
      {(!atEnd || hasAfter) && (
        <button
          type="button"
          className="jump"
          onClick={() => void toLatest()}
        >
          <ArrowDown size={16} strokeWidth={2} aria-hidden="true" />
          {conversation.unread > 0 ? `${conversation.unread} new` : 'Latest'}
        </button>
      )}
    </div>
  );
}

/** Go where the reader wants to be: at the message of the link, at the first unread, or at the end. True once there. */
function useLanding(rows: readonly Row[], at: number | null, go: (index: number | null, align: 'center' | 'start') => void): boolean {
  const [landedAt, setLandedAt] = useState<number | 'end' | null>(null);
  const went = useRef<number | 'end' | null>(null);
  const wanted = at ?? 'end';
  const index = at === null ? rows.findIndex((row) => row.kind === 'new') : rows.findIndex((row) => seqOf(row) === at);
  // A list that is mounted anew, as React does it in development, has forgotten where it was sent.
  useLayoutEffect(
    () => () => {
      went.current = null;
    },
    [],
  );
  useLayoutEffect(() => {
    if (went.current === wanted || (at !== null && index === -1)) return;
    went.current = wanted;
    go(index === -1 ? null : index, at === null ? 'start' : 'center');
    // What is in view is known only after the scrolling has been drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => setLandedAt(wanted)));
  }, [wanted, at, index, go]);
  return landedAt === wanted;
}

/** Fetch the next page when its edge comes near. */
function usePages(thread: Messages, range: { startIndex: number; endIndex: number } | null, count: number, landed: boolean): void {
  const { loading, hasBefore, hasAfter, error, loadOlder, loadNewer } = thread;
  const nearStart = range !== null && range.startIndex < EDGE_ROWS;
  const nearEnd = range !== null && range.endIndex > count - EDGE_ROWS;
  useEffect(() => {
    if (!landed || loading !== null || error !== null) return;
    if (nearStart && hasBefore) void loadOlder();
    else if (nearEnd && hasAfter) void loadNewer();
  }, [landed, loading, error, nearStart, nearEnd, hasBefore, hasAfter, loadOlder, loadNewer]);
}

/** What is on screen of a page that can be seen has been read. */
function useReading(conversation: Conversation, rows: readonly Row[], endIndex: number, me: string | null, markRead: (seq: number) => void): void {
  const visible = usePageVisible();
  const seen = useMemo(() => {
    for (let index = Math.min(endIndex, rows.length - 1); index >= 0; index -= 1) {
      const row = rows[index];
      if (row?.kind === 'message' && !row.own) return row.message.seq;
    }
    return 0;
  }, [rows, endIndex]);
  const readSeq = readSeqOf(conversation, me);
  useEffect(() => {
    if (visible && seen > readSeq) markRead(seen);
  }, [visible, seen, readSeq, markRead]);
}

/** The message that the link names, for as long as it is lit. */
function useMarked(at: number | null): number | null {
  const [faded, setFaded] = useState<number | null>(null);
  useEffect(() => {
    if (at === null) return undefined;
    const timer = setTimeout(() => setFaded(at), MARK_MS);
    return () => clearTimeout(timer);
  }, [at]);
  return faded === at ? null : at;
}

function charsPerLine(element: HTMLElement | null): number {
  const width = Math.min(element?.clientWidth ?? 720, 720) * 0.75 - 60;
  return Math.max(16, Math.floor(width / CHAR_PX));
}
