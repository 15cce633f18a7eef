/** The one place where a browser's page is listened to. Outside browsers nothing ever happens. */

export interface PageListener {
  /** A key, a touch, a wheel: the person is here. */
  onActivity: () => void;
  onVisible: (visible: boolean) => void;
  /** The page may end now, without another word. */
  onLeave: () => void;
  /** It did not. */
  onReturn: () => void;
}

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'focus'] as const;

/** Returns the way out. */
export function listenToPage({ onActivity, onVisible, onLeave, onReturn }: PageListener): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => undefined;
  const listening = new AbortController();
  const options = { signal: listening.signal, passive: true };
  for (const name of SIGNS) window.addEventListener(name, onActivity, options);
  document.addEventListener('visibilitychange', () => onVisible(document.visibilityState === 'visible'), options);
  window.addEventListener('pagehide', onLeave, options);
  window.addEventListener('pageshow', onReturn, options);
  onVisible(document.visibilityState === 'visible');
  return () => {
    listening.abort();
  };
}
