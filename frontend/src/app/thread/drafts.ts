/** What was written and not sent, per conversation, in this browser. */

const KEY = 'stockent.draft.';

export function draftOf(conversationId: string): string {
  try {
    return localStorage.getItem(KEY + conversationId) ?? '';
  } catch {
    return '';
  }
}

export function keepDraft(conversationId: string, text: string): void {
  try {
    if (text.trim() === '') localStorage.removeItem(KEY + conversationId);
    else localStorage.setItem(KEY + conversationId, text);
  } catch {
    // Then the draft lasts as long as the page.
  }
}
