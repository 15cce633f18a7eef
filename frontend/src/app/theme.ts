/** Light, dark, or as the system says. Kept in this browser; the attribute on the root element does the rest. */

import { useSyncExternalStore } from 'react';

import { Subscribable } from '../client';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'stockent.theme';
const chosen = new Subscribable<Theme>(stored());

export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  remember(theme);
  chosen.set(theme);
}

export function useTheme(): Theme {
  return useSyncExternalStore(chosen.subscribe, chosen.get);
}

function stored(): Theme {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

function remember(theme: Theme): void {
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Then it lasts as long as the page.
  }
}
