import { useEffect, useRef, type RefObject } from 'react';

/**
 * Keeps a reader who is at the end there when the frame gets another height (a bar that comes, a composer that grows,
 * a phone's keyboard), and when what is in it does: a reaction below the last message, a line of receipts.
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
    let heights = heightsOf(element);
    const onScroll = () => {
      pinned = latest.current.isAtEnd();
    };
    const observer = new ResizeObserver(() => {
      const before = heights;
      heights = heightsOf(element);
      if (pinned && heights !== before) latest.current.toEnd();
    });
    element.addEventListener('scroll', onScroll, { passive: true });
    observer.observe(element);
    if (element.firstElementChild !== null) observer.observe(element.firstElementChild);
    return () => {
      element.removeEventListener('scroll', onScroll);
      observer.disconnect();
    };
  }, [scroller]);
}

function heightsOf({ clientHeight, scrollHeight }: HTMLElement): string {
  return `${clientHeight}/${scrollHeight}`;
}
