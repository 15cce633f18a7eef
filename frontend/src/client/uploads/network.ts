/** Whether the device has a network at all. That it has one says nothing about the server. */

export interface Network {
  readonly online: boolean;
  subscribe(listener: () => void): () => void;
}

/** Outside browsers there always is one. */
export function browserNetwork(): Network {
  if (typeof window === 'undefined') return { online: true, subscribe: () => () => undefined };
  return {
    get online() {
      return window.navigator.onLine;
    },
    subscribe: (listener) => {
      window.addEventListener('online', listener);
      window.addEventListener('offline', listener);
      return () => {
        window.removeEventListener('online', listener);
        window.removeEventListener('offline', listener);
      };
    },
  };
}
