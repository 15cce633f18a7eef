/** The one place where a browser's page is listened to. Outside browsers nothing ever happens. */

export interface PageListener {
  /** A key, a touch, a wheel: the person is here. */
  onActivity: () => void;
  onVisible: (visible: boolean) => void;
  /** The page may end now, without another word. */
  onLeave: () => void;
  /** It did not. */
  onReturn: () => void;
  /** It is seen again, has a network again, comes back from the browser's memory, or the machine slept. */
  onWake: () => void;
}

const LOOK_EVERY_MS = 5_000;
/** A clock that is so much later than it was to be stood still. Hidden pages are slowed down, which is no sleep. */
const SLEPT_MS = 10_000;

const SIGNS = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'focus'] as const;

/** Returns the way out. */
export function listenToPage({ onActivity, onVisible, onLeave, onReturn, onWake }: PageListener): () => void {
  if (typeof window === 'undefined' || typeof document === 'undefined') return () => undefined;
  const listening = new AbortController();
  const options = { signal: listening.signal, passive: true };
  for (const name of SIGNS) window.addEventListener(name, onActivity, options);
  const isVisible = () => document.visibilityState === 'visible';
  document.addEventListener(
    'visibilitychange',
    () => {
      onVisible(isVisible());
      if (isVisible()) onWake();
    },
    options,
  );
  window.addEventListener('pagehide', onLeave, options);
  window.addEventListener('online', onWake, options);
  window.addEventListener(
    'pageshow',
    ({ persisted }) => {
      onReturn();
      if (persisted) onWake();
    },
    options,
  );
  const clock = watchClock(() => isVisible() && onWake());
  onVisible(isVisible());
  return () => {
    listening.abort();
    clearInterval(clock);
  };
}

function watchClock(onSlept: () => void): ReturnType<typeof setInterval> {
  let looked = Date.now();
  return setInterval(() => {
    const slept = Date.now() - looked - LOOK_EVERY_MS > SLEPT_MS;
    looked = Date.now();
    if (slept) onSlept();
  }, LOOK_EVERY_MS);
}
