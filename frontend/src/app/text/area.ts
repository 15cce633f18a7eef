/** Edits on a textarea that the browser's own undo can take back, and that React hears as typing. */

import type { Draft, Edit } from './edit';

export function draftIn(area: HTMLTextAreaElement): Draft {
  return { text: area.value, start: area.selectionStart, end: area.selectionEnd };
}

export function applyEdit(area: HTMLTextAreaElement, { from, to, insert, start, end }: Edit): void {
  area.focus();
  area.setSelectionRange(from, to);
  if (from !== to || insert !== '') write(area, insert);
  area.setSelectionRange(start, end);
}

/** In place of what is selected. */
export function insertText(area: HTMLTextAreaElement, insert: string): void {
  const at = area.selectionStart;
  applyEdit(area, { from: at, to: area.selectionEnd, insert, start: at + insert.length, end: at + insert.length });
}

/** Deprecated, and still the only way that keeps the undo history; where it is missing the text is set. */
function write(area: HTMLTextAreaElement, insert: string): void {
  const { execCommand } = document as { execCommand?: Document['execCommand'] };
  if (execCommand?.call(document, insert === '' ? 'delete' : 'insertText', false, insert)) return;
  area.setRangeText(insert);
  area.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertText', data: insert }));
}
