/** Says once, and only to who has something unsent, that closing the page would lose it. */

import { useEffect } from 'react';

import type { Unkept } from '../client';
import { useClientState } from '../react';
import { notice } from './parts/toasts';

const TEXTS: Record<Unkept, string> = {
  all: 'This browser keeps nothing for later: what is not sent yet is lost when you close this page.',
  files: 'These files are too large to be kept for later: leave this page open until they are sent.',
};

export function useKeepingNotice(): void {
  const unkept = useClientState((state) => (state.outbox.some(({ status }) => status === 'waiting') ? state.unkept : null));
  useEffect(() => {
    if (unkept !== null) tell(unkept);
  }, [unkept]);
}

const told = new Set<Unkept>();

function tell(what: Unkept): void {
  if (told.has(what)) return;
  told.add(what);
  notice('Not sent yet', TEXTS[what]);
}
