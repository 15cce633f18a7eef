/** Hooks on what one writes: drafts, and words to search for. */

import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';

import { Searching, type Draft, type SearchQuery, type SearchState } from '../client';
import { useSocket } from './SocketContext';

export interface DraftOf {
  draft: Draft;
  /** Changes only what is given. */
  set: (change: Partial<Draft>) => void;
  clear: () => void;
}

/** What is written and not sent in a conversation, the same in all tabs and after a reload. */
export function useDraft(conversationId: string): DraftOf {
  const { drafts } = useSocket();
  const draft = useSyncExternalStore(drafts.all.subscribe, () => drafts.get(conversationId));
  return useMemo(
    () => ({ draft, set: (change: Partial<Draft>) => drafts.set(conversationId, change), clear: () => drafts.clear(conversationId) }),
    [drafts, conversationId, draft],
  );
}

/** All drafts by conversation, for the list. */
export function useDrafts(): ReadonlyMap<string, Draft> {
  const { drafts } = useSocket();
  return useSyncExternalStore(drafts.all.subscribe, drafts.all.get);
}

/** Messages that the server finds: asked once the typing has paused, and only the last question counts. */
export function useSearch(query: SearchQuery): SearchState & { loadMore: () => Promise<void> } {
  const client = useSocket();
  const [searching, setSearching] = useState(() => new Searching(client.api));
  const [of, setOf] = useState(client);
  if (of !== client) {
    setOf(client);
    setSearching(new Searching(client.api));
  }
  const asked = JSON.stringify(query);
  useEffect(() => {
    searching.ask(JSON.parse(asked) as SearchQuery);
    return () => searching.cancel();
  }, [searching, asked]);
  const state = useSyncExternalStore(searching.state.subscribe, searching.state.get);
  return useMemo(() => ({ ...state, loadMore: () => searching.more() }), [state, searching]);
}
