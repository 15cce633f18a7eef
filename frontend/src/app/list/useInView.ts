import { useEffect, useState, type RefObject } from 'react';

const MARGIN = '200px 0px';

/** Which rows of the list can be seen, or nearly: the ids of their `data-row`. Of rows that are gone it may know still. */
export function useInView(list: RefObject<HTMLElement | null>, ids: readonly string[]): ReadonlySet<string> {
  const [inView, setInView] = useState<ReadonlySet<string>>(() => new Set());
  const shown = ids.join(' ');
  useEffect(() => {
    const root = list.current;
    if (root === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        setInView((before) => {
          const next = new Set(before);
          for (const { target, isIntersecting } of entries) {
            const id = (target as HTMLElement).dataset['row'] ?? '';
            if (isIntersecting) next.add(id);
            else next.delete(id);
          }
          return next;
        });
      },
      { root, rootMargin: MARGIN },
    );
    for (const row of root.querySelectorAll('[data-row]')) observer.observe(row);
    return () => observer.disconnect();
  }, [list, shown]);
  return inView;
}
