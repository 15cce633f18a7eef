/** The columns: list, thread, details; as many as fit. What is open is in the address. */

import { MessagesSquare } from 'lucide-react';
import { useCallback, useRef, useState } from 'react';

import { useClientState } from '../react';
import { Details } from './details/Details';
import { ConversationList, type ListHandle } from './list/ConversationList';
import { ConnectionBar } from './parts/ConnectionBar';
import { Dialog } from './parts/Dialog';
import { EmptyState } from './parts/EmptyState';
import { openList, useRoute } from './router';
import { ShortcutsDialog } from './Shortcuts';
import { StartDialog } from './start/StartDialog';
import { ThreadPane } from './thread/ThreadPane';
import { useArrivals } from './useArrivals';
import { useShortcuts } from './useShortcuts';
import { useTitle } from './useTitle';
import { NARROW, useMedia, WIDE } from './viewport';

type Open = 'shortcuts' | 'start' | 'details' | null;

export function Messenger() {
  const { conversationId, at } = useRoute();
  const [open, setOpen] = useState<Open>(null);
  const [folded, setFolded] = useState(false);
  const list = useRef<ListHandle>(null);
  const wide = useMedia(WIDE);
  const narrow = useMedia(NARROW);
  const close = useCallback(() => setOpen(null), []);
  const start = useCallback(() => setOpen('start'), []);
  const back = useCallback(() => {
    const left = conversationId;
    openList();
    requestAnimationFrame(() => list.current?.focus(left));
  }, [conversationId]);
  useTitle(conversationId);
  useArrivals(conversationId);
  useShortcuts({
    search: () => list.current?.search(),
    shortcuts: () => setOpen('shortcuts'),
    start,
    back,
  });
  const known = useClientState((state) => conversationId !== null && state.gone[conversationId] === undefined);
  const details = conversationId !== null && known && wide && !folded;
  const toggleDetails = () => (wide ? setFolded(!folded) : setOpen('details'));
  return (
    <div className="shell" data-open={conversationId === null ? 'list' : 'thread'} data-details={details}>
      <ConnectionBar />
      <div className="columns">
        {(!narrow || conversationId === null) && (
          <ConversationList ref={list} openId={conversationId} onStart={start} onShortcuts={() => setOpen('shortcuts')} />
        )}
        {conversationId !== null && (
          <ThreadPane key={`thread ${conversationId}`} id={conversationId} at={at} onBack={back} onDetails={toggleDetails} detailsShown={details} tight={!wide} />
        )}
        {conversationId === null && !narrow && <NothingOpen />}
        {details && <Details key={`details ${conversationId}`} id={conversationId} />}
      </div>
      {open === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      {open === 'start' && <StartDialog onClose={close} />}
      {open === 'details' && conversationId !== null && (
        <Dialog title="Details" onClose={close} size="s">
          <Details id={conversationId} />
        </Dialog>
      )}
    </div>
  );
}

function NothingOpen() {
  return (
    <main className="pane-empty">
      <EmptyState icon={MessagesSquare} title="No conversation open" text="Choose one from the list, or press ? to see the shortcuts." />
    </main>
  );
}
