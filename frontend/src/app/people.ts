/** People as this page knows them: from the conversations that it holds or held, and in the demo everybody. */

import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo } from 'react';

import { personName, type Conversation, type MessagingClient, type Participant, type Profile } from '../client';
import { useClientState, useSocket } from '../react';
import { session } from './session/session';
import { useSignedIn } from './session/SessionContext';

/** Everybody whom I may know, without myself, by name. */
export function useKnownPeople(): readonly Profile[] {
  const { me, demo } = useSignedIn();
  const { data } = useDemoPeople(demo);
  const conversations = useClientState((state) => state.conversations);
  return useMemo(() => {
    const known = new Map<string, Profile>((data ?? []).map((person) => [person.id, person]));
    for (const { participants } of Object.values(conversations)) {
      for (const participant of participants) if (!known.has(participant.userId)) known.set(participant.userId, profileOf(participant));
    }
    known.delete(me.id);
    return [...known.values()].sort((a, b) => personName(a).localeCompare(personName(b)));
  }, [data, conversations, me.id]);
}

export function useDemoPeople(enabled: boolean) {
  return useQuery({ queryKey: ['demo', 'people'], queryFn: () => session.people(), enabled, staleTime: Infinity });
}

export function profileOf({ userId, name, companyName, country, avatarUrl, role }: Participant): Profile {
  return { id: userId, name, companyName, country, avatarUrl, role };
}

/** What people are called, also those with whom no conversation is left: who removed me may be one of them. */
export function useNames(): (userId: string) => string | null {
  const client = useSocket();
  return useCallback((userId: string) => namesOf(client).get(userId) ?? nameNow(client, userId), [client]);
}

/** Note everybody's name while the component is mounted. */
export function useRememberedNames(): void {
  const client = useSocket();
  useEffect(() => {
    const names = namesOf(client);
    const seen = new WeakSet<Conversation>();
    let before: unknown = null;
    const note = () => {
      const { conversations } = client.store.get();
      if (conversations === before) return;
      before = conversations;
      for (const conversation of Object.values(conversations)) {
        if (seen.has(conversation)) continue;
        seen.add(conversation);
        for (const { userId, name } of conversation.participants) if (name !== null) remember(names, userId, name);
      }
    };
    note();
    return client.store.subscribe(note);
  }, [client]);
}

const MAX_NAMES = 5_000;
const remembered = new WeakMap<MessagingClient, Map<string, string>>();

function namesOf(client: MessagingClient): Map<string, string> {
  const names = remembered.get(client) ?? new Map<string, string>();
  remembered.set(client, names);
  return names;
}

function remember(names: Map<string, string>, userId: string, name: string): void {
  names.delete(userId);
  names.set(userId, name);
  const [oldest] = names.keys();
  if (names.size > MAX_NAMES && oldest !== undefined) names.delete(oldest);
}

function nameNow(client: MessagingClient, userId: string): string | null {
  for (const { participants } of Object.values(client.store.get().conversations)) {
    const person = participants.find((each) => each.userId === userId);
    if (person) return person.name;
  }
  return null;
}
