/** Hooks on people: who is there, who types, and what one lets the others know. */

import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';

import type { ChangeSettings, Presence, TypingActivity, Typist, UserSettings } from '../client';
import { useClientState, useSocket } from './SocketContext';

/** The presence of these people, watched while the component is mounted. Who is missing is not known, or not to be known. */
export function usePresence(userIds: readonly string[]): Readonly<Record<string, Presence>> {
  const client = useSocket();
  const ids = [...new Set(userIds)].sort().join(' ');
  useEffect(() => client.watchPresence(ids === '' ? [] : ids.split(' ')), [client, ids]);
  const select = useMemo(() => memory(ids), [ids]);
  return useSyncExternalStore(client.store.subscribe, () => select(client.store.get().presence));
}

/** Who types or records in a conversation, and the signals for oneself, which stay the same functions. */
export function useTyping(conversationId: string) {
  const client = useSocket();
  const typists = useClientState((state) => state.typing[conversationId] ?? NOBODY);
  const signals = useMemo(
    () => ({ typing: (activity: TypingActivity = 'typing') => client.typing(conversationId, activity), stop: () => client.stopTyping() }),
    [client, conversationId],
  );
  return useMemo(() => ({ typists, ...signals }), [typists, signals]);
}

/** Null until the connection told them. */
export function useSettings(): { settings: UserSettings | null; change: (change: ChangeSettings) => Promise<void> } {
  const client = useSocket();
  const settings = useClientState((state) => state.settings);
  const change = useCallback((wanted: ChangeSettings) => client.changeSettings(wanted), [client]);
  return { settings, change };
}

/** The same record as long as nothing of it is another. */
function memory(ids: string): (presence: Readonly<Record<string, Presence>>) => Readonly<Record<string, Presence>> {
  const wanted = ids.split(' ');
  let last: Readonly<Record<string, Presence>> = {};
  return (presence) => {
    const next = Object.fromEntries(wanted.flatMap((id) => (presence[id] !== undefined && Object.hasOwn(presence, id) ? [[id, presence[id]]] : [])));
    const same = Object.keys(last).length === Object.keys(next).length && wanted.every((id) => last[id] === next[id]);
    if (!same) last = next;
    return last;
  };
}

const NOBODY: readonly Typist[] = [];
