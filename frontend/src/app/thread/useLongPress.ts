import { useMemo, useRef, type PointerEvent } from 'react';

const LONG_MS = 450;
const SLACK_PX = 10;

/** Touch handlers that call `act` when the finger rests. A finger that moves is scrolling. */
export function useLongPress(act: () => void) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = useRef({ x: 0, y: 0 });
  return useMemo(() => {
    const cancel = () => clearTimeout(timer.current);
    return {
      onPointerDown: (event: PointerEvent) => {
        if (event.pointerType === 'mouse') return;
        start.current = { x: event.clientX, y: event.clientY };
        timer.current = setTimeout(act, LONG_MS);
      },
      onPointerMove: (event: PointerEvent) => {
        const { x, y } = start.current;
        if (Math.hypot(event.clientX - x, event.clientY - y) > SLACK_PX) cancel();
      },
      onPointerUp: cancel,
      onPointerCancel: cancel,
    };
  }, [act]);
}
