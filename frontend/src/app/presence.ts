/** Whether somebody is there, in words. */

import type { Presence } from '../client';
import { shortWhen, timeOf } from './format';

/** Null where it is not known or not to be known. */
export function presenceWords(presence: Presence | undefined, now: Date): string | null {
  if (presence === undefined) return null;
  if (presence.status !== 'offline') return presence.status;
  return presence.lastSeenAt === null ? null : `last seen ${when(presence.lastSeenAt, now)}`;
}

function when(iso: string, now: Date): string {
  const day = shortWhen(iso, now);
  const time = timeOf(iso);
  if (day === time) return now.getTime() - Date.parse(iso) < 60_000 ? 'just now' : time;
  return day === 'Yesterday' ? `yesterday ${time}` : day;
}
