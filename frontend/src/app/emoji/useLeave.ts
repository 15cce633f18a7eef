import { useEffect, type RefObject } from 'react';

/** Call `leave` on Escape inside, and on a press anywhere else. What opened the panel says so by `aria-expanded`. */
export function useLeave(panel: RefObject<HTMLElement | null>, leave: () => void): void {
  useEffect(() => {
    const element = panel.current;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.preventDefault();
      leave();
    };
    const onPointer = ({ target }: PointerEvent) => {
      if (target instanceof Element && element?.contains(target) === false && !target.closest('[aria-expanded="true"]')) leave();
    };
    element?.addEventListener('keydown', onKey);
    document.addEventListener('pointerdown', onPointer);
    return () => {
      element?.removeEventListener('keydown', onKey);
      document.removeEventListener('pointerdown', onPointer);
    };
  }, [panel, leave]);
}
