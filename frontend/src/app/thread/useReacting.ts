/** Which message is being reacted to, and beside what the choice is shown. */

import { useCallback, useEffect, useMemo, useRef, useState } from 'react';

import type { Message } from '../../client';
import type { Reacting } from './actions';

/** A pointer that only passes opens nothing, and may leave for a moment on its way to the choice. */
const REST_MS = 180;
const LEAVE_MS = 250;

export interface Picking {
  messageId: string;
  anchor: HTMLElement;
  what: Reacting;
  /** It was the pointer: the focus stays where it is. */
  hovered: boolean;
}

export function useReacting() {
  const [picking, setPicking] = useState<Picking | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const verbs = useMemo(
    () => ({
      pick: (message: Message, anchor: HTMLElement, what: Reacting) => {
        clearTimeout(timer.current);
        setPicking({ messageId: message.id, anchor, what, hovered: false });
      },
      hover: (message: Message, anchor: HTMLElement) => {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setPicking((now) => (now?.hovered === false ? now : { messageId: message.id, anchor, what: 'quick', hovered: true })), REST_MS);
      },
      unhover: () => {
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setPicking((now) => (now?.hovered ? null : now)), LEAVE_MS);
      },
    }),
    [],
  );
  const stay = useCallback(() => clearTimeout(timer.current), []);
  const close = useCallback(() => {
    clearTimeout(timer.current);
    setPicking(null);
  }, []);
  return { picking, verbs, stay, close };
}
