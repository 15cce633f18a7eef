/** What would be lost if one went away now, and asking before it is. */

import { useCallback, useEffect, useState } from 'react';

import { guardLeaving } from '../router';

/** The browser asks, in words of its own, before the page goes. */
export function useWarning(isLoss: () => boolean): void {
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => {
      if (isLoss()) event.preventDefault();
    };
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isLoss]);
}

/** While `losing`, whoever would leave the conversation is asked first: the question is returned, to be shown. */
export function useLeaveGuard(losing: boolean): { leave: () => void; stay: () => void } | null {
  const [leave, setLeave] = useState<(() => void) | null>(null);
  useWarning(useCallback(() => losing, [losing]));
  useEffect(() => (losing ? guardLeaving((go) => setLeave(() => go)) : undefined), [losing]);
  return leave === null ? null : { leave, stay: () => setLeave(null) };
}
