/** The list: search, filter, rows, and each of its states. */

import { useQuery } from '@tanstack/react-query';
import { Inbox, Search, SearchX, ServerCrash, SquarePen, X } from 'lucide-react';
import { useImperativeHandle, useMemo, useRef, useState, type KeyboardEvent, type Ref } from 'react';

import type { Conversation, ConversationFilter } from '../../client';
import { useConversations, useMe, useSocket, useUnread } from '../../react';
import { Brand } from '../parts/Brand';
import { Button, IconButton } from '../parts/Button';
import { EmptyState } from '../parts/EmptyState';
import { UserMenu } from '../session/UserMenu';
import { ConversationRow } from './ConversationRow';
import { ListSkeleton } from './ListSkeleton';
import { useMinute } from './useMinute';
import { useSettled } from './useSettled';

export interface ListHandle {
  search: () => void;
  focus: (conversationId: string | null) => void;
}

interface Props {
  ref: Ref<ListHandle>;
  openId: string | null;
  onStart: () => void;
  onShortcuts: () => void;
}

/** Until one pauses in typing, the server is not asked. */
const SETTLE_MS = 180;

type Tab = 'open' | 'unread' | 'closed';

const TABS: readonly { tab: Tab; label: string; filter: ConversationFilter }[] = [
  { tab: 'open', label: 'Open', filter: { status: 'ACTIVE' } },
  { tab: 'unread', label: 'Unread', filter: { unread: true } },
  { tab: 'closed', label: 'Closed', filter: { status: 'CLOSED' } },
];

export function ConversationList({ ref, openId, onStart, onShortcuts }: Props) {
  const [tab, setTab] = useState<Tab>('open');
  const [q, setQ] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const total = useUnread();
  useImperativeHandle(ref, () => ({
    search: () => input.current?.select(),
    focus: (id) => (id === null ? null : rowOf(list.current, id))?.focus(),
  }));
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move(event, list.current);
    if (event.key === 'Escape' && event.target === input.current && q !== '') {
      event.preventDefault();
      setQ('');
    }
  };
  return (
    // The keys move between rows that are links, so each of them works by itself too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <nav className="list" aria-label="Conversations" onKeyDown={onKeyDown}>
      {openId === null && <h1 className="visually-hidden">Messages</h1>}
      <header className="list-head">
        <Brand />
        <div className="list-actions">
          <IconButton icon={SquarePen} label="New conversation" hint="C" onClick={onStart} />
          <UserMenu onShortcuts={onShortcuts} />
        </div>
      </header>
      <div className="search">
        <Search size={16} strokeWidth={1.75} aria-hidden="true" />
        <input
          ref={input}
          type="search"
          value={q}
          onChange={(event) => setQ(event.target.value)}
          placeholder="Search people, companies, products"
          aria-label="Search conversations"
          autoComplete="off"
        />
        {q === '' ? <kbd aria-hidden="true">/</kbd> : <IconButton icon={X} label="Clear search" onClick={() => setQ('')} />}
      </div>
      <div className="tabs" role="group" aria-label="Show">
        {TABS.map(({ tab: name, label }) => (
          <button key={name} type="button" className="tab" aria-pressed={tab === name} onClick={() => setTab(name)}>
            {label}
            {name === 'unread' && total > 0 && <span className="tab-count">{total > 999 ? '999+' : total}</span>}
          </button>
        ))}
      </div>
      <Rows listRef={list} tab={tab} q={q.trim()} openId={openId} onStart={onStart} />
    </nav>
  );
}

interface RowsProps {
  listRef: Ref<HTMLUListElement>;
  tab: Tab;
  q: string;
  openId: string | null;
  onStart: () => void;
}

function Rows({ listRef, tab, q, openId, onStart }: RowsProps) {
  const client = useSocket();
  const me = useMe();
  const now = useMinute();
  const filter = useMemo(() => filterOf(tab, q), [tab, q]);
  const { conversations, status, hasMore, loadMore } = useConversations(filter);
  const asked = useSettled(q, SETTLE_MS);
  const finding = useQuery({
    queryKey: ['conversations', me, tab, asked],
    queryFn: async ({ signal }) => (await client.find(filterOf(tab, asked), signal)).map(({ id }) => id),
    enabled: (asked !== '' || tab !== 'open') && status === 'loaded',
    staleTime: 5_000,
  });
  const withFound = useWithFound(conversations, q !== '' && asked === q ? finding.data : undefined);
  const shown = useKeptInSight(withFound, q === '' ? tab : null, openId);
  if (shown.length === 0) {
    if (status === 'failed') return <ListFailed onRetry={loadMore} />;
    if (status !== 'loaded' || finding.isLoading || asked !== q) return <ListSkeleton />;
    return <NoRows tab={tab} q={q} onStart={onStart} />;
  }
  return (
    <ul className="rows" ref={listRef} aria-label={`${TABS.find((other) => other.tab === tab)?.label ?? ''} conversations`}>
      {shown.map((conversation) => (
        <ConversationRow key={conversation.id} conversation={conversation} me={me} now={now} open={conversation.id === openId} />
      ))}
      {hasMore && q === '' && tab === 'open' && (
        <li className="rows-more">
          <Button kind="quiet" onClick={() => void loadMore()} disabled={status === 'loading'}>
            Show older conversations
          </Button>
        </li>
      )}
    </ul>
  );
}

/** The server may know matches that the texts held here do not show. */
function useWithFound(conversations: readonly Conversation[], found: readonly string[] | undefined): readonly Conversation[] {
  const { conversations: all } = useConversations();
  return useMemo(() => {
    if (found === undefined) return conversations;
    const shown = new Set([...found, ...conversations.map(({ id }) => id)]);
    return all.filter(({ id }) => shown.has(id));
  }, [all, conversations, found]);
}

/** What is open stays in the list, though reading or closing it took it out of those that are asked for. */
function useKeptInSight(conversations: readonly Conversation[], tab: Tab | null, openId: string | null): readonly Conversation[] {
  const { conversations: all } = useConversations();
  const [opened, setOpened] = useState<{ id: string | null; tab: Tab | null; listed: boolean }>({ id: null, tab: null, listed: false });
  const listed = conversations.some(({ id }) => id === openId);
  if (opened.id !== openId || opened.tab !== tab) setOpened({ id: openId, tab, listed });
  else if (listed && !opened.listed) setOpened({ ...opened, listed });
  return useMemo(() => {
    if (openId === null || listed || !opened.listed) return conversations;
    const shown = new Set([openId, ...conversations.map(({ id }) => id)]);
    return all.filter(({ id }) => shown.has(id));
  }, [all, conversations, openId, listed, opened.listed]);
}

function filterOf(tab: Tab, q: string): ConversationFilter {
  if (q !== '') return { q };
  return TABS.find((other) => other.tab === tab)?.filter ?? {};
}

function ListFailed({ onRetry }: { onRetry: () => Promise<void> }) {
  return (
    <EmptyState icon={ServerCrash} title="The list could not be loaded" text="The server did not answer.">
      <Button onClick={() => void onRetry()}>Try again</Button>
    </EmptyState>
  );
}

function NoRows({ tab, q, onStart }: { tab: Tab; q: string; onStart: () => void }) {
  if (q !== '') return <EmptyState icon={SearchX} title="Nothing found" text={`No person, company or product matches “${q}”.`} />;
  if (tab === 'unread') return <EmptyState icon={Inbox} title="All read" text="Nothing is waiting for you." />;
  if (tab === 'closed') return <EmptyState icon={Inbox} title="Nothing closed" text="Conversations that you close are kept here." />;
  return (
    <EmptyState icon={Inbox} title="No conversations yet" text="Ask a seller about a product, or write to a buyer.">
      <Button kind="primary" onClick={onStart}>
        Start a conversation
      </Button>
    </EmptyState>
  );
}

function move(event: KeyboardEvent, list: HTMLUListElement | null): void {
  const rows = [...(list?.querySelectorAll<HTMLElement>('a[data-conversation]') ?? [])];
  const step = event.key === 'ArrowDown' ? 1 : -1;
  const index = rows.findIndex((row) => row === document.activeElement);
  const next = index === -1 ? rows[0] : rows[index + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}

function rowOf(list: HTMLUListElement | null, id: string): HTMLElement | null {
  return list?.querySelector<HTMLElement>(`a[data-conversation="${CSS.escape(id)}"]`) ?? null;
}
