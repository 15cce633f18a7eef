/** To the clipboard, which browsers give only to secure pages. */

import type { ClipboardEvent } from 'react';

import { notice } from './parts/toasts';
import { copied, copiedFrom } from './text/clipboard';

export async function copyText(text: string, done: string): Promise<void> {
  await tried(() => navigator.clipboard.writeText(text), text, done);
}

/** With its formatting, for programs that take it. */
export async function copyMessage(text: string, done: string): Promise<void> {
  const { html } = copied(text);
  const parts = { 'text/plain': new Blob([text], { type: 'text/plain' }), 'text/html': new Blob([html], { type: 'text/html' }) };
  await tried(() => navigator.clipboard.write([new ClipboardItem(parts)]), text, done);
}

async function tried(copying: () => Promise<void>, text: string, done: string): Promise<void> {
  try {
    await copying();
    notice(done);
  } catch {
    notice('The browser did not let the page copy', text);
  }
}

/** What is selected of a thread, in place of what its drawing looks like. */
export function onCopyOfThread(event: ClipboardEvent): void {
  const selection = document.getSelection();
  if (selection === null || selection.isCollapsed || selection.rangeCount === 0) return;
  const what = copiedFrom(event.currentTarget, selection.getRangeAt(0));
  if (what === null) return;
  event.preventDefault();
  event.clipboardData.setData('text/plain', what.text);
  event.clipboardData.setData('text/html', what.html);
}
