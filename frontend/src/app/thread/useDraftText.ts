import { useState } from 'react';

/**
 * The text in the box: what is kept, but for the spaces around it that are not worth keeping. What another tab writes, or
 * what is sent from elsewhere, takes its place.
 */
export function useDraftText(kept: string): [string, (next: string) => void] {
  const [text, setText] = useState(kept);
  const [seen, setSeen] = useState(kept);
  if (seen !== kept) {
    setSeen(kept);
    if (kept.trim() !== text.trim()) setText(kept);
  }
  return [text, setText];
}
