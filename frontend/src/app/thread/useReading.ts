/** Tells the client where the reader is: what has been on screen has been read, and what is around them is kept. */

import { useEffect, useMemo } from 'react';

import type { Messages } from '../../react';
import { usePageVisible } from '../viewport';
import { seenSeq, seqNear } from './place';
import type { Row } from './rows';

interface Seen {
  startIndex: number;
  endIndex: number;
}

export function useReading(rows: readonly Row[], range: Seen | null, landed: boolean, { markRead }: Messages): void {
  const visible = usePageVisible();
  const endIndex = range?.endIndex ?? -1;
  const seen = useMemo(() => seenSeq(rows, endIndex), [rows, endIndex]);
  useEffect(() => {
    if (visible && landed && seen > 0) markRead(seen);
  }, [visible, landed, seen, markRead]);
}

/** `atEnd`: the reader follows what comes. */
export function useAttending(rows: readonly Row[], range: Seen | null, atEnd: boolean, { attend }: Messages): void {
  const middle = range === null ? -1 : Math.floor((range.startIndex + range.endIndex) / 2);
  const seq = atEnd || middle < 0 ? null : seqNear(rows, middle);
  useEffect(() => attend(seq), [attend, seq]);
  useEffect(() => () => attend(null), [attend]);
}

/** So many rows before an edge the next page is fetched. */
const EDGE_ROWS = 12;

export function usePages(range: Seen | null, count: number, landed: boolean, thread: Messages): void {
  const { loading, hasBefore, hasAfter, error, loadOlder, loadNewer } = thread;
  const nearStart = range !== null && range.startIndex < EDGE_ROWS;
  const nearEnd = range !== null && range.endIndex > count - EDGE_ROWS;
  useEffect(() => {
    if (!landed || loading !== null || error !== null) return;
    if (nearStart && hasBefore) void loadOlder();
    else if (nearEnd && hasAfter) void loadNewer();
  }, [landed, loading, error, nearStart, nearEnd, hasBefore, hasAfter, loadOlder, loadNewer]);
}
