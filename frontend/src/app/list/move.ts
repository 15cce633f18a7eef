import type { KeyboardEvent } from 'react';

/** Up and down between what carries `data-move`; down from a field that carries `data-move-from` goes to the first. */
export function move(event: KeyboardEvent, frame: HTMLElement | null): void {
  const from = event.target as HTMLElement;
  if (frame === null || !('move' in from.dataset || 'moveFrom' in from.dataset)) return;
  const stops = [...frame.querySelectorAll<HTMLElement>('[data-move]')];
  const index = stops.indexOf(from);
  const next = event.key === 'ArrowDown' ? stops[index + 1] : index > 0 ? stops[index - 1] : frame.querySelector<HTMLElement>('[data-move-from]');
  if (next === undefined || next === null) return;
  event.preventDefault();
  next.focus();
}
