/** Which conversations the list shows. */

import type { ConversationFilter, Subject } from '../../client';

export type Tab = 'all' | 'unread' | 'closed' | 'archived';

export interface ListFilter {
  tab: Tab;
  /** Only what is about this; archived or not. */
  subject: Subject | null;
}

export const EVERYTHING: ListFilter = { tab: 'all', subject: null };

export const TABS: readonly { tab: Tab; label: string; filter: ConversationFilter }[] = [
  { tab: 'all', label: 'All', filter: {} },
  { tab: 'unread', label: 'Unread', filter: { unread: true, archived: null } },
  { tab: 'closed', label: 'Closed', filter: { status: 'CLOSED' } },
  { tab: 'archived', label: 'Archived', filter: { archived: true } },
];

/** As the conversations held here are sifted by. */
export function heldFilter({ tab, subject }: ListFilter): ConversationFilter {
  const wanted = TABS.find((other) => other.tab === tab)?.filter ?? {};
  if (subject === null) return wanted;
  return { ...(tab === 'all' && { archived: null }), ...wanted, subject };
}
