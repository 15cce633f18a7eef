/** What to react with, beside a message: six at hand, or all. Drawn over everything, so that no edge cuts it. */

import { useCallback, useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import { createPortal } from 'react-dom';

import type { Message } from '../../client';
import { LazyEmojiPicker } from '../emoji/LazyEmojiPicker';
import { QuickReactions } from '../emoji/QuickReactions';
import { useLeave } from '../emoji/useLeave';
import type { Picking } from './useReacting';

const GAP_PX = 4;
const EDGE_PX = 8;

interface Props {
  picking: Picking;
  message: Message;
  me: string | null;
  onReact: (emoji: string) => void;
  onAll: () => void;
  onStay: () => void;
  onUnhover: () => void;
  onClose: () => void;
}

export function ReactPopover({ picking, message, me, onReact, onAll, onStay, onUnhover, onClose }: Props) {
  const { anchor, what, hovered } = picking;
  const panel = useRef<HTMLDivElement>(null);
  usePlaced(panel, anchor);
  const close = useCallback(() => {
    const inside = panel.current?.contains(document.activeElement) ?? false;
    onClose();
    if (inside && anchor.isConnected) (anchor.closest<HTMLElement>('.said') ?? anchor).focus({ preventScroll: true });
  }, [anchor, onClose]);
  useLeave(panel, close);
  useEffect(() => {
    if (!hovered && what === 'quick') panel.current?.querySelector('button')?.focus();
  }, [hovered, what]);
  const react = (emoji: string) => {
    close();
    onReact(emoji);
  };
  const given = message.reactions.filter(({ users }) => users.some(({ id }) => id === me)).map(({ emoji }) => emoji);
  return createPortal(
    <div ref={panel} className="react" onPointerEnter={onStay} onPointerLeave={onUnhover}>
      {what === 'all' ? <LazyEmojiPicker onPick={react} onClose={close} /> : <QuickReactions given={given} onReact={react} onMore={onAll} />}
    </div>,
    document.body,
  );
}

/** Also when it grows, and when the window does not. */
function usePlaced(panel: RefObject<HTMLElement | null>, anchor: HTMLElement): void {
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null) return undefined;
    // What scrolled away is nowhere.
    const replace = () => {
      if (anchor.isConnected) place(element, anchor.getBoundingClientRect());
    };
    replace();
    const observer = new ResizeObserver(replace);
    observer.observe(element);
    window.addEventListener('resize', replace);
    return () => {
      observer.disconnect();
      window.removeEventListener('resize', replace);
    };
  }, [panel, anchor]);
}

/** Above the anchor, or below it where there is no room; never out of the window. */
function place(element: HTMLElement, { top, bottom, left, width }: DOMRect): void {
  const { offsetWidth, offsetHeight } = element;
  const above = top - GAP_PX - offsetHeight;
  const y = above >= EDGE_PX ? above : Math.min(bottom + GAP_PX, innerHeight - offsetHeight - EDGE_PX);
  const x = Math.min(left + (width - offsetWidth) / 2, innerWidth - offsetWidth - EDGE_PX);
  element.style.top = `${Math.max(EDGE_PX, y)}px`;
  element.style.left = `${Math.max(EDGE_PX, x)}px`;
}
