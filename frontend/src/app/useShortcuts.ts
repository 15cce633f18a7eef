import { useEffect, useRef } from 'react';

interface Actions {
  search: () => void;
  shortcuts: () => void;
  start: () => void;
  back: () => void;
}

/** Keys that work anywhere on the page, unless a window is open; the plain ones unless a text is being written. */
export function useShortcuts(actions: Actions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.altKey || event.isComposing) return;
      if (document.querySelector('dialog[open], [role="menu"], [role="dialog"]') !== null) return;
      if (event.ctrlKey || event.metaKey) {
        if (event.key !== 'k' || event.shiftKey) return;
        event.preventDefault();
        latest.current.search();
        return;
      }
      if (event.key === 'Escape') {
        latest.current.back();
        return;
      }
      if (isWriting(event.target)) return;
      const act = actionOf(event.key, latest.current);
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

function actionOf(key: string, { search, shortcuts, start }: Actions): (() => void) | undefined {
  const actions: Record<string, () => void> = { '/': search, '?': shortcuts, c: start };
  return actions[key];
}

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select, [contenteditable]');
}
