/** The one polite voice for screen readers. */

import { useSyncExternalStore } from 'react';

import { Subscribable } from '../../client';

const said = new Subscribable({ text: '', turn: 0 });

export function announce(text: string): void {
  said.set({ text, turn: said.get().turn + 1 });
}

export function Announcer() {
  const { text, turn } = useSyncExternalStore(said.subscribe, said.get);
  return (
    <div className="visually-hidden" role="status" aria-live="polite" aria-label="Announcements">
      <span key={turn}>{text}</span>
    </div>
  );
}
