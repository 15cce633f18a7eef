/** Takes the reader where they want to be: the message of the link, one that is quoted, the first unread, or the end. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

import type { Messages } from '../../react';
import { rowOfSeq } from './place';
import type { Row } from './rows';

const MARK_MS = 2_400;

export type Align = 'center' | 'start';

/** `seq`: null for where a conversation opens. `turn` tells two wishes for the same place apart. */
interface Goal {
  seq: number | null;
  align: Align;
  turn: number;
}

export interface Landing {
  /** What is in view is what was wanted. */
  landed: boolean;
  /** The `seq` that is lit, so that the eye finds it. */
  marked: number | null;
  jump: (seq: number, align?: Align) => void;
}

export function useLanding(rows: readonly Row[], at: number | null, thread: Messages, go: (index: number | null, align: Align) => void): Landing {
  const { messages, hasBefore, hasAfter, loadAround } = thread;
  const [goal, setGoal] = useState<Goal>({ seq: at, align: 'center', turn: 0 });
  const [asked, setAsked] = useState(at);
  if (asked !== at) {
    setAsked(at);
    setGoal({ seq: at, align: 'center', turn: goal.turn + 1 });
  }
  const [landedAt, setLandedAt] = useState<number | null>(null);
  const went = useRef<number | null>(null);
  // A list that is mounted anew, as React does it in development, has forgotten where it was sent.
  useLayoutEffect(
    () => () => {
      went.current = null;
    },
    [],
  );
  useLayoutEffect(() => {
    if (went.current === goal.turn) return;
    const index = goal.seq === null ? newRow(rows) : rowOfSeq(rows, goal.seq, { messages, hasBefore, hasAfter });
    if (goal.seq !== null && index === null) return;
    went.current = goal.turn;
    go(index, goal.seq === null ? 'start' : goal.align);
    // What is in view is known only after the scrolling has been drawn.
    requestAnimationFrame(() => requestAnimationFrame(() => setLandedAt(goal.turn)));
  }, [goal, rows, messages, hasBefore, hasAfter, go]);
  const jump = useCallback(
    (seq: number, align: Align = 'center') => {
      setGoal(({ turn }) => ({ seq, align, turn: turn + 1 }));
      void loadAround(seq);
    },
    [loadAround],
  );
  const landed = landedAt === goal.turn;
  return { landed, marked: useMarked(goal, landed), jump };
}

/** The message that was gone to, for as long as it is lit. Whoever goes back to where they were need not look for it. */
function useMarked({ seq, align, turn }: Goal, landed: boolean): number | null {
  const [faded, setFaded] = useState<number | null>(null);
  useEffect(() => {
    if (!landed) return undefined;
    const timer = setTimeout(() => setFaded(turn), MARK_MS);
    return () => clearTimeout(timer);
  }, [landed, turn]);
  return faded === turn || align === 'start' ? null : seq;
}

function newRow(rows: readonly Row[]): number | null {
  const index = rows.findIndex((row) => row.kind === 'new');
  return index === -1 ? null : index;
}
