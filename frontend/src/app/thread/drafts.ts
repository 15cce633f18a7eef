/** What was written and not sent, per person and conversation, in this browser. */

function keyOf(userId: string, conversationId: string): string {
  return `stockent.draft.${userId}.${conversationId}`;
}

export function draftOf(userId: string, conversationId: string): string {
  try {
    return localStorage.getItem(keyOf(userId, conversationId)) ?? '';
  } catch {
    return '';
  }
}

export function keepDraft(userId: string, conversationId: string, text: string): void {
  try {
    if (text.trim() === '') localStorage.removeItem(keyOf(userId, conversationId));
    else localStorage.setItem(keyOf(userId, conversationId), text);
  } catch {
    // Then the draft lasts as long as the page.
  }
}
