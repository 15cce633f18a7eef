/** The size of what can be seen, and the layout that fits it. */

import { useSyncExternalStore } from 'react';

/** Keeps `--app-height` at the height above a phone's keyboard, for browsers that do not resize the page for it. */
export function followVisibleHeight(): void {
  const visual = window.visualViewport;
  if (visual === null) return;
  const set = () => {
    document.documentElement.style.setProperty('--app-height', `${Math.round(visual.height)}px`);
    if (visual.offsetTop > 0) window.scrollTo(0, 0);
  };
  visual.addEventListener('resize', set);
  set();
}

export const WIDE = '(min-width: 1200px)';
export const NARROW = '(max-width: 767.98px)';
export const TOUCH = '(pointer: coarse)';
/** Where shortcuts are held with the command key. */
export const IS_APPLE = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener('change', listener);
      return () => media.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}

export function isTouch(): boolean {
  return matchMedia(TOUCH).matches;
}

/** Whether somebody can see the page at all. */
export function usePageVisible(): boolean {
  return useSyncExternalStore(
    (listener) => {
      document.addEventListener('visibilitychange', listener);
      return () => document.removeEventListener('visibilitychange', listener);
    },
    () => document.visibilityState === 'visible',
  );
}
