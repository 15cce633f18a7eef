/** Gives a tree of components one `MessagingClient`. Whoever made the client starts and closes it. */

import { createContext, use, useSyncExternalStore, type ReactNode } from 'react';

import type { ConnectionState, MessagingClient, State } from '../client';

export const SocketContext = createContext<MessagingClient | null>(null);

export function SocketProvider({ client, children }: { client: MessagingClient; children: ReactNode }) {
  return <SocketContext value={client}>{children}</SocketContext>;
}

/** The client of the nearest `SocketProvider`. */
export function useSocket(): MessagingClient {
  const client = use(SocketContext);
  if (client === null) throw new Error('useSocket needs a SocketProvider above it');
  return client;
}

/** A part of the client's state; `select` must return the same reference while that part is the same. */
export function useClientState<T>(select: (state: State) => T): T {
  const { store } = useSocket();
  return useSyncExternalStore(store.subscribe, () => select(store.get()));
}

export function useConnection(): ConnectionState {
  return useClientState((state) => state.connection);
}

/** The id of who is signed in; null until the server or the application said so. */
export function useMe(): string | null {
  return useClientState((state) => state.me);
}
