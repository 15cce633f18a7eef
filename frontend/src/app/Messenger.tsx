/** The columns: list, thread, details; as many as fit. What is open is in the address. */

import { MessagesSquare } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';

import { conversationName, type Subject } from '../client';
import { useClientState, useMe, useSocket } from '../react';
import { Details } from './details/Details';
import { ConversationList, type ListHandle } from './list/ConversationList';
import { EVERYTHING, type ListFilter } from './list/filter';
import { useOpenedIsRead } from './list/useOpenedIsRead';
import { ConnectionBar } from './parts/ConnectionBar';
import { Dialog } from './parts/Dialog';
import { EmptyState } from './parts/EmptyState';
import { useRememberedNames } from './people';
import { openList, useRoute } from './router';
import { NOTHING_ASKED, type Ask } from './search/ask';
import { SearchHere } from './search/SearchHere';
import { SettingsDialog } from './settings/SettingsDialog';
import { ShortcutsDialog } from './Shortcuts';
import { StartDialog } from './start/StartDialog';
import { ThreadPane } from './thread/ThreadPane';
import { useArrivals } from './useArrivals';
import { useKeepingNotice } from './useKeepingNotice';
import { useShortcuts } from './useShortcuts';
import { useTitle } from './useTitle';
import { NARROW, useMedia, WIDE } from './viewport';

type Open = 'shortcuts' | 'start' | 'settings' | 'details' | null;

export function Messenger() {
  const { conversationId, at } = useRoute();
  const [open, setOpen] = useState<Open>(null);
  const [folded, setFolded] = useState(false);
  const [filter, setFilter] = useState<ListFilter>(EVERYTHING);
  const list = useRef<ListHandle>(null);
  const wide = useMedia(WIDE);
  const narrow = useMedia(NARROW);
  const listShown = !narrow || conversationId === null;
  const search = useSearchField(list, listShown);
  const close = useCallback(() => setOpen(null), []);
  const start = useCallback(() => setOpen('start'), []);
  const back = useCallback(() => {
    const left = conversationId;
    openList();
    requestAnimationFrame(() => list.current?.focus(left));
  }, [conversationId]);
  const showSubject = (subject: Subject) => {
    setFilter({ tab: 'all', subject });
    search.set(null);
    close();
    if (narrow) openList();
  };
  useTitle(conversationId);
  useKeepingNotice();
  useArrivals(conversationId);
  useRememberedNames();
  useOpenedIsRead(conversationId);
  useShortcuts({
    search: () => search.open(null),
    shortcuts: () => setOpen('shortcuts'),
    start,
    back,
  });
  const searchHere = useSearchHere(conversationId, search.open);
  const known = useClientState((state) => conversationId !== null && state.gone[conversationId] === undefined);
  const details = conversationId !== null && known && wide && !folded;
  const toggleDetails = () => (wide ? setFolded(!folded) : setOpen('details'));
  return (
    <div className="shell" data-open={conversationId === null ? 'list' : 'thread'} data-details={details}>
      <ConnectionBar />
      <div className="columns">
        {listShown && (
          <ConversationList
            ref={list}
            openId={conversationId}
            filter={filter}
            onFilter={setFilter}
            ask={search.ask}
            onAsk={search.set}
            returnFocus={search.returnFocus}
            onStart={start}
            onSettings={() => setOpen('settings')}
            onShortcuts={() => setOpen('shortcuts')}
          />
        )}
        {conversationId !== null && (
          <SearchHere value={searchHere}>
            <ThreadPane key={`thread ${conversationId}`} id={conversationId} at={at} onBack={back} onDetails={toggleDetails} detailsShown={details} tight={!wide} />
          </SearchHere>
        )}
        {conversationId === null && !narrow && <NothingOpen />}
        {details && <Details key={`details ${conversationId}`} id={conversationId} onSubject={showSubject} onSearch={searchHere} />}
      </div>
      {open === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      {open === 'start' && <StartDialog onClose={close} />}
      {open === 'settings' && <SettingsDialog onClose={close} onShortcuts={() => setOpen('shortcuts')} />}
      {open === 'details' && conversationId !== null && (
        <Dialog title="Details" onClose={close} size="s">
          <Details
            id={conversationId}
            onSubject={showSubject}
            onSearch={() => {
              close();
              searchHere();
            }}
          />
        </Dialog>
      )}
    </div>
  );
}

interface SearchField {
  ask: Ask | null;
  set: (ask: Ask | null) => void;
  /** Show the field and go there; in the column of the list, or on a phone in its place. */
  open: (ask: Ask | null) => void;
  /** To where the focus was before; false where nothing had it. */
  returnFocus: () => boolean;
}

function useSearchField(list: { current: ListHandle | null }, listShown: boolean): SearchField {
  const [ask, set] = useState<Ask | null>(null);
  const [wanted, setWanted] = useState(0);
  const focused = useRef(0);
  const before = useRef<HTMLElement | null>(null);
  useEffect(() => {
    if (!listShown || focused.current === wanted) return;
    focused.current = wanted;
    list.current?.focusSearch();
  }, [list, listShown, wanted]);
  const open = useCallback(
    (next: Ask | null) => {
      const active = document.activeElement;
      before.current = active instanceof HTMLElement && active !== document.body ? active : null;
      if (!listShown) openList();
      set((now) => next ?? now ?? NOTHING_ASKED);
      setWanted((turn) => turn + 1);
    },
    [listShown],
  );
  const returnFocus = useCallback(() => {
    const to = before.current;
    before.current = null;
    if (!to?.isConnected) return false;
    to.focus();
    return true;
  }, []);
  return { ask, set, open, returnFocus };
}

function useSearchHere(conversationId: string | null, open: (ask: Ask) => void): () => void {
  const client = useSocket();
  const me = useMe();
  return useCallback(() => {
    const conversation = conversationId === null ? undefined : client.store.get().conversations[conversationId];
    if (conversation) open({ ...NOTHING_ASKED, conversation: { id: conversation.id, name: conversationName(conversation, me) } });
  }, [client, me, conversationId, open]);
}

function NothingOpen() {
  return (
    <main className="pane-empty">
      <EmptyState icon={MessagesSquare} title="No conversation open" text="Choose one from the list, or press ? to see the shortcuts." />
    </main>
  );
}
