import { useEffect, type RefObject } from 'react';

const ACT_PX = 56;
const MOST_PX = 72;
/** So far it may still be a scroll. */
const SLACK_PX = 12;

/** A finger that draws the element to the right and lets go calls `act`. The stylesheet leaves such moves to the page. */
export function useSwipe(element: RefObject<HTMLElement | null>, act: () => void): void {
  useEffect(() => {
    const target = element.current;
    if (target === null) return undefined;
    let from: { x: number; y: number } | null = null;
    let drawn = 0;
    const draw = (px: number) => {
      drawn = px;
      target.style.translate = px === 0 ? '' : `${px}px`;
    };
    const onStart = ({ touches, target: touched }: TouchEvent) => {
      const [finger, second] = touches;
      const scrolls = touched instanceof Element && touched.closest('pre, input') !== null;
      from = finger === undefined || second !== undefined || scrolls ? null : { x: finger.clientX, y: finger.clientY };
    };
    const onMove = ({ touches: [finger] }: TouchEvent) => {
      if (from === null || finger === undefined) return;
      const [x, y] = [finger.clientX - from.x, Math.abs(finger.clientY - from.y)];
      if (drawn === 0 && y > SLACK_PX) from = null;
      else draw(x < SLACK_PX ? 0 : Math.min(x - SLACK_PX, MOST_PX));
    };
    const onEnd = () => {
      const far = drawn >= ACT_PX;
      from = null;
      draw(0);
      if (far) act();
    };
    const onCancel = () => {
      from = null;
      draw(0);
    };
    const listeners = Object.entries({ touchstart: onStart, touchmove: onMove, touchend: onEnd, touchcancel: onCancel }) as [string, EventListener][];
    for (const [name, listener] of listeners) target.addEventListener(name, listener, { passive: true });
    return () => {
      for (const [name, listener] of listeners) target.removeEventListener(name, listener);
    };
  }, [element, act]);
}
