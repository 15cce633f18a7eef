/** Three addresses: the list, a conversation, a message in it. The browser's own back button agrees with ours. */

import { useSyncExternalStore } from 'react';

import { Subscribable } from '../client';

export interface Route {
  conversationId: string | null;
  /** `seq` of the message that the link names. */
  at: number | null;
}

interface Entry {
  /** The entry before this one is the list, so going there means going back. */
  overList?: boolean;
}

const route = new Subscribable<Route>(parse(location));
/** Asks the person before the open conversation is left; what it is given leaves it. */
type Guard = (leave: () => void) => void;
let guard: Guard | null = null;

addEventListener('popstate', () => {
  const next = parse(location);
  const asking = guardAgainst(next);
  if (asking === null) {
    route.set(next);
    return;
  }
  // The browser has gone already: back to where one was, and there again if that is wanted.
  const { conversationId, at } = route.get();
  history.pushState({}, '', conversationId === null ? '/' : conversationPath(conversationId, at));
  asking(() => history.back());
});

/** Until the returned function is called, or the conversation is left. */
export function guardLeaving(given: Guard): () => void {
  guard = given;
  return () => {
    if (guard === given) guard = null;
  };
}

function guardAgainst({ conversationId }: Route): Guard | null {
  const asking = guard;
  if (asking === null || conversationId === route.get().conversationId) return null;
  return (leave) =>
    asking(() => {
      guard = null;
      leave();
    });
}

export function parse({ pathname, search }: Pick<Location, 'pathname' | 'search'>): Route {
  const match = /^\/c\/([^/]+)\/?$/.exec(pathname);
  const at = Number(new URLSearchParams(search).get('m') ?? Number.NaN);
  return { conversationId: match?.[1] === undefined ? null : decode(match[1]), at: Number.isInteger(at) && at > 0 ? at : null };
}

export function conversationPath(id: string, at: number | null = null): string {
  return `/c/${encodeURIComponent(id)}${at === null ? '' : `?m=${at}`}`;
}

export function useRoute(): Route {
  return useSyncExternalStore(route.subscribe, route.get);
}

export function currentRoute(): Route {
  return route.get();
}

export function openConversation(id: string, at: number | null = null): void {
  const path = conversationPath(id, at);
  if (location.pathname + location.search === path) return;
  go(path, { overList: route.get().conversationId === null }, false);
}

/** Back to the list: by the browser's history where the list is right behind. */
export function openList(): void {
  if (route.get().conversationId === null) return;
  if ((history.state as Entry | null)?.overList) history.back();
  else go('/', {}, true);
}

/** Take the message out of the address once it has been shown and the reader went on. */
export function replacePath(path: string): void {
  go(path, (history.state as Entry | null) ?? {}, true);
}

function go(path: string, entry: Entry, replace: boolean): void {
  const asking = guardAgainst(parse(new URL(path, location.href)));
  if (asking !== null) {
    asking(() => go(path, entry, replace));
    return;
  }
  if (replace) history.replaceState(entry, '', path);
  else history.pushState(entry, '', path);
  route.set(parse(location));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
