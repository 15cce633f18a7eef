import { useState } from 'react';

/** A choice that this browser remembers. */
export function useKeptFlag(key: string): [boolean, (next: boolean) => void] {
  const [flag, setFlag] = useState(() => {
    try {
      return localStorage.getItem(key) === 'true';
    } catch {
      return false;
    }
  });
  const keep = (next: boolean) => {
    setFlag(next);
    try {
      localStorage.setItem(key, String(next));
    } catch {
      // Then it lasts as long as the page.
    }
  };
  return [flag, keep];
}
