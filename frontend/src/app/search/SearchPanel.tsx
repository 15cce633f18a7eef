/** What the search finds: conversations by name first, then messages by their words. Or, before that, how to ask. */

import { useQuery } from '@tanstack/react-query';
import { History, SearchX, ServerCrash, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type RefObject } from 'react';

import type { Conversation, SearchHit } from '../../client';
import { useConversations, useMe, useSearch, useSocket } from '../../react';
import { ConversationRow } from '../list/ConversationRow';
import { ListSkeleton } from '../list/ListSkeleton';
import type { Place } from '../list/RowMenu';
import { useInView } from '../list/useInView';
import { useMinute } from '../list/useMinute';
import { usePresenceOf } from '../list/usePresenceOf';
import { useSettled } from '../list/useSettled';
import { announce } from '../parts/announcer';
import { Button, IconButton } from '../parts/Button';
import { EmptyState } from '../parts/EmptyState';
import { useSignedIn } from '../session/SessionContext';
import { hasFilter, isAsked, queryOf, type Ask } from './ask';
import { Hit } from './Hit';
import { forgetSearches, recentSearches, rememberSearch } from './recent';
import { SearchFilters } from './SearchFilters';

/** Until one pauses in typing, the server is not asked. */
const SETTLE_MS = 180;
/** So many conversations stand before the messages, until all are asked for. */
const FEW = 4;

interface Props {
  ask: Ask;
  onAsk: (ask: Ask) => void;
  openId: string | null;
  menuId: string | null;
  onMenu: (conversationId: string, place: Place) => void;
  input: RefObject<HTMLInputElement | null>;
}

export function SearchPanel({ ask, onAsk, openId, menuId, onMenu, input }: Props) {
  const { me } = useSignedIn();
  const frame = useRef<HTMLDivElement>(null);
  const today = new Date(useMinute().toDateString());
  const query = queryOf(ask, today);
  const asking = isAsked(query);
  const found = useSearch(asking ? query : {});
  const conversations = useFoundConversations(hasFilter(ask) ? '' : ask.q.trim());
  useSaid(asking, found.status, found.hits.length, conversations.length);
  const settled = found.status === 'loaded' || found.status === 'failed';
  const onEnter = () => {
    rememberSearch(me.id, ask.q);
    if (settled) frame.current?.querySelector<HTMLElement>('a[data-move]')?.click();
  };
  useEnter(input, onEnter);
  return (
    <>
      <SearchFilters ask={ask} onAsk={onAsk} openId={openId} />
      <div className="rows found" ref={frame} data-busy={found.status === 'loading'}>
        {!asking && <Beginning ask={ask} onAsk={onAsk} input={input} />}
        {asking && <Conversations found={conversations} frame={frame} openId={openId} menuId={menuId} onMenu={onMenu} />}
        {asking && <Messages found={found} ask={ask} onAsk={onAsk} anyConversation={conversations.length > 0} onOpen={() => rememberSearch(me.id, ask.q)} />}
      </div>
    </>
  );
}

/** What to do with a field that is empty. */
function Beginning({ ask, onAsk, input }: Pick<Props, 'ask' | 'onAsk' | 'input'>) {
  const { me } = useSignedIn();
  const [recent, setRecent] = useState(() => recentSearches(me.id));
  return (
    <>
      {recent.length > 0 && (
        <section aria-label="Recent searches">
          <header className="found-head">
            <h2>Recent searches</h2>
            <IconButton
              icon={X}
              label="Forget recent searches"
              onClick={() => {
                forgetSearches(me.id);
                setRecent([]);
                input.current?.focus();
              }}
            />
          </header>
          <ul>
            {recent.map((q) => (
              <li key={q}>
                <button
                  type="button"
                  className="recent"
                  data-move=""
                  onClick={() => {
                    onAsk({ ...ask, q });
                    input.current?.focus();
                  }}
                >
                  <History size={16} strokeWidth={1.75} aria-hidden="true" />
                  <span dir="auto">{q}</span>
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
      <div className="found-hint">
        <p>Finds messages, people, companies and products. Accents and capitals do not matter.</p>
        <dl>
          <div>
            <dt>
              <code>“letter of credit”</code>
            </dt>
            <dd>these words together</dd>
          </div>
          <div>
            <dt>
              <code>steel -scrap</code>
            </dt>
            <dd>without a word</dd>
          </div>
        </dl>
      </div>
    </>
  );
}

interface ConversationsProps extends Pick<Props, 'openId' | 'menuId' | 'onMenu'> {
  found: readonly Conversation[];
  frame: RefObject<HTMLElement | null>;
}

function Conversations({ found, frame, openId, menuId, onMenu }: ConversationsProps) {
  const me = useMe();
  const now = useMinute();
  const [all, setAll] = useState(false);
  const shown = useMemo(() => (all ? found : found.slice(0, FEW)), [found, all]);
  const ids = useMemo(() => shown.map(({ id }) => id), [shown]);
  const presence = usePresenceOf(shown, useInView(frame, ids), me);
  if (found.length === 0) return null;
  return (
    <section aria-label="Conversations found">
      <header className="found-head">
        <h2>Conversations</h2>
      </header>
      <ul>
        {shown.map((conversation) => (
          <ConversationRow
            key={conversation.id}
            conversation={conversation}
            me={me}
            now={now}
            open={conversation.id === openId}
            presence={presence.get(conversation.id)}
            lastPinned={false}
            menuOpen={conversation.id === menuId}
            onMenu={onMenu}
          />
        ))}
      </ul>
      {shown.length < found.length && (
        <Button kind="quiet" className="found-more" onClick={() => setAll(true)}>
          Show all {found.length}
        </Button>
      )}
    </section>
  );
}

interface MessagesProps extends Pick<Props, 'ask' | 'onAsk'> {
  found: ReturnType<typeof useSearch>;
  anyConversation: boolean;
  onOpen: () => void;
}

function Messages({ found: { status, hits, hasMore, error, loadMore }, ask, onAsk, anyConversation, onOpen }: MessagesProps) {
  const me = useMe();
  const now = useMinute();
  if (hits.length === 0) {
    if (status === 'loading' || status === 'idle') return anyConversation ? null : <ListSkeleton />;
    if (status === 'failed') {
      return (
        <EmptyState icon={ServerCrash} title="The search did not work" text={error ?? 'The server did not answer.'}>
          <Button onClick={() => void loadMore()}>Try again</Button>
        </EmptyState>
      );
    }
    if (anyConversation) return <p className="found-none">No message says this.</p>;
    return <EmptyState icon={SearchX} title="Nothing found" text={hasFilter(ask) ? 'Fewer words or filters may find more.' : `No message, person, company or product matches “${ask.q.trim()}”.`} />;
  }
  return (
    <section aria-label="Messages found">
      <header className="found-head">
        <h2>Messages</h2>
        {ask.q.trim() !== '' && (
          <button type="button" className="found-sort" onClick={() => onAsk({ ...ask, sort: ask.sort === 'newest' ? 'relevance' : 'newest' })}>
            {ask.sort === 'newest' ? 'Newest first' : 'Best first'}
          </button>
        )}
      </header>
      <ul>
        {hits.map((hit: SearchHit) => (
          <Hit key={hit.message.id} hit={hit} me={me} now={now} within={ask.conversation !== null} onOpen={onOpen} />
        ))}
      </ul>
      {hasMore && <More busy={status === 'loading'} failed={status === 'failed'} onMore={loadMore} />}
    </section>
  );
}

/** The next page comes when its place comes into view; by button too, for keys and after a failure. */
function More({ busy, failed, onMore }: { busy: boolean; failed: boolean; onMore: () => Promise<void> }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (busy || failed || place.current === null) return undefined;
    const observer = new IntersectionObserver(([entry]) => {
      if (entry?.isIntersecting) void onMore();
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [busy, failed, onMore]);
  return (
    <div ref={place} className="rows-more">
      <Button kind="quiet" disabled={busy} onClick={() => void onMore()}>
        {failed ? 'Try again' : busy ? 'Loading…' : 'Show more'}
      </Button>
    </div>
  );
}

/** By name, archived or not: those held here at once, and those that only the server knows a moment later. */
function useFoundConversations(q: string): readonly Conversation[] {
  const client = useSocket();
  const me = useMe();
  const asked = useSettled(q, SETTLE_MS);
  const { conversations: all } = useConversations({ archived: null });
  const { conversations } = useConversations({ archived: null, q });
  const finding = useQuery({
    queryKey: ['conversations by name', me, asked],
    queryFn: async ({ signal }) => {
      const found = await Promise.all([false, true].map((archived) => client.find({ q: asked, archived, limit: 20 }, signal)));
      return found.flat().map(({ id }) => id);
    },
    enabled: asked !== '',
    staleTime: 5_000,
  });
  const more = asked === q ? finding.data : undefined;
  return useMemo(() => {
    if (q === '') return [];
    if (more === undefined) return conversations;
    const shown = new Set([...more, ...conversations.map(({ id }) => id)]);
    return all.filter(({ id }) => shown.has(id));
  }, [q, all, conversations, more]);
}

/** Enter in the field opens what stands first. */
function useEnter(input: RefObject<HTMLInputElement | null>, act: () => void): void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  useEffect(() => {
    const field = input.current;
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Enter' && !event.isComposing) latest.current();
    };
    field?.addEventListener('keydown', onKey);
    return () => field?.removeEventListener('keydown', onKey);
  }, [input]);
}

function useSaid(asking: boolean, status: string, messages: number, conversations: number): void {
  useEffect(() => {
    if (!asking || status !== 'loaded') return;
    announce(messages + conversations === 0 ? 'Nothing found' : `${conversations} conversations and ${messages} messages found`);
  }, [asking, status, messages, conversations]);
}
