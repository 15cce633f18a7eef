import { useMemo, useRef, type PointerEvent, type SyntheticEvent, type TouchEvent } from 'react';

const LONG_MS = 450;
const SLACK_PX = 10;

/** Touch handlers that call `act` when the finger rests. A finger that moves is scrolling. */
export function useLongPress(act: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef({ x: 0, y: 0 });
  const touching = useRef(false);
  const acted = useRef(false);
  return useMemo(() => {
    const cancel = () => clearTimeout(timer.current);
    return {
      onPointerDown: (event: PointerEvent) => {
        touching.current = event.pointerType !== 'mouse';
        acted.current = false;
        if (!touching.current) return;
        start.current = { x: event.clientX, y: event.clientY };
        timer.current = setTimeout(() => {
          acted.current = true;
          act();
        }, LONG_MS);
      },
      onPointerMove: (event: PointerEvent) => {
        const { x, y } = start.current;
        if (Math.hypot(event.clientX - x, event.clientY - y) > SLACK_PX) cancel();
      },
      onPointerUp: cancel,
      onPointerCancel: cancel,
      // The finger that leaves is no click, and the browser's own menu stays away.
      onTouchEnd: (event: TouchEvent) => {
        if (acted.current) event.preventDefault();
      },
      onContextMenu: (event: SyntheticEvent) => {
        if (touching.current) event.preventDefault();
      },
    };
  }, [act]);
}
