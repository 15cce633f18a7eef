import { useEffect, useRef, type RefObject } from 'react';

/**
 * Keeps a reader who is at the end there when the frame gets another height: a bar that comes, a composer that grows,
 * a phone's keyboard.
 */
export function usePinned(scroller: RefObject<HTMLElement | null>, isAtEnd: () => boolean, toEnd: () => void): void {
  const latest = useRef({ isAtEnd, toEnd });
  useEffect(() => {
    latest.current = { isAtEnd, toEnd };
  });
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    let pinned = false;
    let height = element.clientHeight;
    const onScroll = () => {
      pinned = latest.current.isAtEnd();
    };
    const observer = new ResizeObserver(() => {
      const before = height;
      height = element.clientHeight;
      if (pinned && height !== before) latest.current.toEnd();
    });
    element.addEventListener('scroll', onScroll, { passive: true });
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      observer.disconnect();
    };
  }, [scroller]);
}
