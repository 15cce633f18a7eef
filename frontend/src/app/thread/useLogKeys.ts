/**
 * Up and down between the messages. One of them is a stop for Tab, with what can be done with it; rows that are not
 * drawn have none, so the focus of one that scrolls away goes to the list.
 */

import { useLayoutEffect, useRef, useState, type FocusEvent, type KeyboardEvent, type RefObject } from 'react';

import { isSaid, type Row } from './rows';

export interface LogKeys {
  /** The row that is a stop for Tab. */
  activeKey: string | null;
  /** The list is, where that row is not drawn. */
  tabIndex: 0 | -1;
  onKeyDown: (event: KeyboardEvent<HTMLElement>) => void;
  onFocus: (event: FocusEvent<HTMLElement>) => void;
  onBlur: (event: FocusEvent<HTMLElement>) => void;
}

interface Log {
  scroller: RefObject<HTMLElement | null>;
  rows: readonly Row[];
  /** The rows that are drawn. */
  drawn: readonly { index: number }[];
  /** The last row that is on screen. */
  endIndex: number;
  show: (index: number) => void;
}

export function useLogKeys({ scroller, rows, drawn, endIndex, show }: Log): LogKeys {
  const [chosen, setChosen] = useState<string | null>(null);
  const inside = useRef(false);
  const activeKey = chosen !== null && rows.some(({ key }) => key === chosen) ? chosen : (rows.findLast(isSaid)?.key ?? null);
  const isDrawn = drawn.some(({ index }) => rows[index]?.key === activeKey);
  useLayoutEffect(() => {
    if (inside.current && document.activeElement === document.body) scroller.current?.focus({ preventScroll: true });
  });
  const focusRow = (index: number) => {
    const row = rows[index];
    if (row === undefined) return;
    setChosen(row.key);
    show(index);
    // It is drawn once it has been scrolled to.
    requestAnimationFrame(() => requestAnimationFrame(() => scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] > article`)?.focus({ preventScroll: true })));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const onLog = event.target === scroller.current;
    const onRow = event.target instanceof HTMLElement && event.target.matches('article');
    if (step === undefined || (!onLog && !onRow)) return;
    const from = onRow ? indexOf(event.target as HTMLElement) : endIndex + (step < 0 ? 1 : 0);
    const to = nextSaid(rows, from, step);
    if (to === null) return;
    event.preventDefault();
    focusRow(to);
  };
  return {
    activeKey,
    tabIndex: isDrawn ? -1 : 0,
    onKeyDown,
    onFocus: ({ target }) => {
      inside.current = true;
      const row = rows[indexOf(target)];
      if (row !== undefined) setChosen(row.key);
    },
    // Of a row that is taken away nothing is told, and of a window that is left the focus stays.
    onBlur: ({ relatedTarget, currentTarget }) => {
      inside.current = currentTarget.contains(relatedTarget ?? document.activeElement);
    },
  };
}

function indexOf(element: Element): number {
  return Number(element.closest('[data-index]')?.getAttribute('data-index') ?? Number.NaN);
}

function nextSaid(rows: readonly Row[], from: number, step: number): number | null {
  for (let index = from + step; index >= 0 && index < rows.length; index += step) if (isSaid(rows[index])) return index;
  return null;
}
