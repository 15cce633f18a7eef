/** The conversations that the filter lets through, pinned ones first, and what stands there when there are none. */

import { useQuery } from '@tanstack/react-query';
import { Archive, Inbox, ServerCrash, Tag } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';

import type { Conversation, MessagingClient } from '../../client';
import { useConversations, useMe, useSocket } from '../../react';
import { Button } from '../parts/Button';
import { EmptyState } from '../parts/EmptyState';
import { ConversationRow } from './ConversationRow';
import { EVERYTHING, heldFilter, TABS, type ListFilter, type Tab } from './filter';
import { ListSkeleton } from './ListSkeleton';
import type { Place } from './RowMenu';
import { useInView } from './useInView';
import { useMinute } from './useMinute';
import { usePresenceOf } from './usePresenceOf';

interface Props {
  filter: ListFilter;
  openId: string | null;
  menuId: string | null;
  onMenu: (conversationId: string, place: Place) => void;
  onFilter: (filter: ListFilter) => void;
  onStart: () => void;
}

export function Rows({ filter, openId, menuId, onMenu, onFilter, onStart }: Props) {
  const me = useMe();
  const now = useMinute();
  const list = useRef<HTMLUListElement>(null);
  const held = useMemo(() => heldFilter(filter), [filter]);
  const { conversations, status, hasMore, loadMore } = useConversations(held);
  const finding = useFinding(filter, status === 'loaded');
  const shown = useKeptInSight(conversations, filter, openId);
  const ids = useMemo(() => shown.map(({ id }) => id), [shown]);
  const presence = usePresenceOf(shown, useInView(list, ids), me);
  if (shown.length === 0) {
    if (status === 'failed') return <ListFailed onRetry={loadMore} />;
    if (status !== 'loaded' || finding) return <ListSkeleton />;
    return <NoRows filter={filter} onFilter={onFilter} onStart={onStart} />;
  }
  const lastPinned = shown.findLastIndex(({ personal }) => personal.pinnedAt !== null);
  const pageable = filter.subject === null && (filter.tab === 'all' || filter.tab === 'archived');
  return (
    <ul className="rows" ref={list} aria-label={`${TABS.find((other) => other.tab === filter.tab)?.label ?? ''} conversations`}>
      {shown.map((conversation, index) => (
        <ConversationRow
          key={conversation.id}
          conversation={conversation}
          me={me}
          now={now}
          open={conversation.id === openId}
          presence={presence.get(conversation.id)}
          lastPinned={index === lastPinned && index < shown.length - 1}
          menuOpen={conversation.id === menuId}
          onMenu={onMenu}
        />
      ))}
      {hasMore && pageable && (
        <li className="rows-more">
          <Button kind="quiet" onClick={() => void loadMore()} disabled={status === 'loading'}>
            Show older conversations
          </Button>
        </li>
      )}
    </ul>
  );
}

/** Ask the server for what the filter wants and is not held here. True while the first answer is awaited. */
function useFinding(filter: ListFilter, enabled: boolean): boolean {
  const client = useSocket();
  const { tab, subject } = filter;
  const finding = useQuery({
    queryKey: ['conversations', client.store.get().me, tab, subject?.type, subject?.id],
    queryFn: ({ signal }) => find(client, filter, signal),
    enabled: enabled && (subject !== null || tab === 'unread' || tab === 'closed'),
    staleTime: 5_000,
  });
  return finding.isLoading;
}

async function find(client: MessagingClient, { tab, subject }: ListFilter, signal: AbortSignal): Promise<number> {
  const wanted = { ...(tab === 'unread' && { unread: true }), ...(tab === 'closed' && { status: 'CLOSED' as const }), ...(subject && { q: subject.title }) };
  const both = tab === 'unread' || (tab === 'all' && subject !== null);
  const places = both ? [false, true] : [tab === 'archived'];
  const found = await Promise.all(places.map((archived) => client.find({ ...wanted, archived }, signal)));
  return found.flat().length;
}

/** What is open stays among the unread or the closed ones, though reading or reopening it took it out of them. */
function useKeptInSight(conversations: readonly Conversation[], { tab }: ListFilter, openId: string | null): readonly Conversation[] {
  const { conversations: all } = useConversations({ archived: null });
  const [opened, setOpened] = useState<{ id: string | null; tab: Tab; listed: boolean }>({ id: null, tab, listed: false });
  const listed = conversations.some(({ id }) => id === openId);
  if (opened.id !== openId || opened.tab !== tab) setOpened({ id: openId, tab, listed });
  else if (listed && !opened.listed) setOpened({ ...opened, listed });
  const keep = openId !== null && !listed && opened.listed && (tab === 'unread' || tab === 'closed');
  return useMemo(() => {
    if (!keep) return conversations;
    const shown = new Set([openId, ...conversations.map(({ id }) => id)]);
    return all.filter(({ id }) => shown.has(id));
  }, [all, conversations, keep, openId]);
}

function ListFailed({ onRetry }: { onRetry: () => Promise<void> }) {
  return (
    <EmptyState icon={ServerCrash} title="The list could not be loaded" text="The server did not answer.">
      <Button onClick={() => void onRetry()}>Try again</Button>
    </EmptyState>
  );
}

function NoRows({ filter: { tab, subject }, onFilter, onStart }: Pick<Props, 'filter' | 'onFilter' | 'onStart'>) {
  if (subject !== null) {
    return (
      <EmptyState icon={Tag} title="Nothing here" text={`No conversation about ${subject.title} is among these.`}>
        <Button onClick={() => onFilter(EVERYTHING)}>Show all conversations</Button>
      </EmptyState>
    );
  }
  if (tab === 'unread') return <EmptyState icon={Inbox} title="All read" text="Nothing is waiting for you." />;
  if (tab === 'closed') return <EmptyState icon={Inbox} title="Nothing closed" text="Conversations that you close are kept here." />;
  if (tab === 'archived') return <EmptyState icon={Archive} title="The archive is empty" text="What you archive waits here, and returns with the next message." />;
  return (
    <EmptyState icon={Inbox} title="No conversations yet" text="Ask a seller about a product, or write to a buyer.">
      <Button kind="primary" onClick={onStart}>
        Start a conversation
      </Button>
    </EmptyState>
  );
}
