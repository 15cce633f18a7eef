/**
 * The total of unread messages: what the conversations held here count, and `elsewhere`, what those count that are
 * not loaded yet. So the total cannot drift from what the list shows.
 */

import type { State } from './model';

/** A total as the server told it when it told no counts: the rest of it is elsewhere. */
export function tellTotal(state: State, totalUnread: number): State {
  return { ...state, elsewhere: Math.max(0, totalUnread - held(state)) };
}

/** A conversation that was elsewhere is held from now on. */
export function bringHere(state: State, unread: number): State {
  return { ...state, elsewhere: Math.max(0, state.elsewhere - unread) };
}

/** Once every conversation is held, nothing is elsewhere. */
export function recounted(before: State, after: State): State {
  if (after.conversations === before.conversations && after.elsewhere === before.elsewhere && after.list === before.list) return after;
  const elsewhere = holdsAll(after) ? 0 : after.elsewhere;
  const totalUnread = elsewhere + held(after);
  if (elsewhere === after.elsewhere && totalUnread === after.totalUnread) return after;
  return { ...after, elsewhere, totalUnread };
}

function holdsAll({ list }: State): boolean {
  return list.status === 'loaded' && list.cursor === null;
}

function held({ conversations }: State): number {
  return Object.values(conversations).reduce((sum, { unread }) => sum + unread, 0);
}
