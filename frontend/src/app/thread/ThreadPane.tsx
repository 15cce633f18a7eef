/** One conversation: its head, its messages, its composer; or why it cannot be shown. */

import { Ban, SearchX } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';

import { conversationName, quoteOf, type Conversation, type GoneReason, type Message, type MessagingClient } from '../../client';
import { useConversation, useDraft, useMe, useMessages, useSocket, type Messages } from '../../react';
import { announce } from '../parts/announcer';
import { useCarried } from '../files/useCarried';
import { Button } from '../parts/Button';
import { EmptyState } from '../parts/EmptyState';
import { dismissToasts, notice, toast } from '../parts/toasts';
import { openList } from '../router';
import { DropZone } from '../uploads/DropZone';
import { isTouch } from '../viewport';
import type { MessageActions } from './actions';
import { ClosedLine } from './ClosedLine';
import { Composer, type ComposerHandle, type Editing } from './Composer';
import { ForwardDialog } from './ForwardDialog';
import { HistoryDialog } from './HistoryDialog';
import { others, usePeople } from './people';
import { ReadersDialog } from './ReadersDialog';
import { SubjectStrip } from './SubjectStrip';
import { ThreadHead } from './ThreadHead';
import { ThreadSkeleton } from './ThreadSkeleton';
import { ThreadView } from './ThreadView';
import { tried } from './tried';
import { TypingLine } from './TypingLine';

interface Props {
  id: string;
  at: number | null;
  onBack: () => void;
  onDetails: () => void;
  detailsShown: boolean;
  /** There is no room for the details beside the talk. */
  tight: boolean;
}

/** A window on one message. */
interface Window {
  kind: 'forward' | 'versions' | 'readers';
  message: Message;
}

export function ThreadPane({ id, at, onBack, onDetails, detailsShown, tight }: Props) {
  const client = useSocket();
  const me = useMe();
  const { conversation, gone } = useConversation(id);
  const thread = useMessages(id, { at });
  const { draft, set: setDraft } = useDraft(id);
  const composer = useRef<ComposerHandle>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [open, setOpen] = useState<Window | null>(null);
  const [sent, setSent] = useState(0);
  const people = usePeople(conversation);
  const { requestDelete, undoDelete, react, retry, discard, canEdit, canDelete } = thread;
  const actions = useMemo((): MessageActions => {
    const write = () => composer.current?.focus();
    return {
      reply: (message) => {
        setEditing(null);
        client.drafts.set(id, { replyTo: quoteOf(message) });
        write();
      },
      forward: (message) => setOpen({ kind: 'forward', message }),
      edit: (message) => {
        setEditing({ of: message, text: message.content });
        write();
      },
      remove: (message) => remove(message.id, { requestDelete, undoDelete }),
      undo: (messageId) => undo(messageId, undoDelete),
      react: (message, emoji) => {
        const given = message.reactions.some((reaction) => reaction.emoji === emoji && reaction.users.some((user) => user.id === client.store.get().me));
        void tried(react(message.id, emoji, !given), 'The reaction could not be given');
      },
      versions: (message) => setOpen({ kind: 'versions', message }),
      readers: (message) => setOpen({ kind: 'readers', message }),
      retry,
      discard,
      canReply: () => isOpen(client, id),
      canEdit,
      canDelete,
      leave: () => {
        if (!isTouch()) write();
      },
    };
  }, [client, id, requestDelete, undoDelete, react, retry, discard, canEdit, canDelete]);

  const follow = () => {
    if (thread.hasAfter) void thread.loadNewest().then(() => setSent((before) => before + 1));
    else setSent((before) => before + 1);
  };
  const carried = useCarried(id, { onSent: follow, onEmptied: () => composer.current?.focus() });

  if (gone !== null) return <Gone reason={gone.reason} onBack={onBack} />;

  const setStatus = (status: 'ACTIVE' | 'CLOSED') => tried(client.setStatus(id, status), 'The conversation could not be changed');
  const editLast = () => {
    const last = thread.messages.findLast((message) => message.sender.id === me && message.type !== 'SYSTEM' && message.deletedAt === null);
    if (last === undefined) return;
    if (canEdit(last)) actions.edit(last);
    else notice('Your last message can no longer be edited');
  };
  const submit = (text: string, mentions: string[]) => {
    if (editing !== null) {
      setEditing(null);
      const { of } = editing;
      if (text !== of.content) void tried(thread.edit(of.id, text, mentions), 'The message could not be changed', () => setEditing({ of, text }));
      return;
    }
    thread.send(text, { replyTo: draft.replyTo, mentions, attachments: carried.take() });
    follow();
  };
  const live = draft.replyTo && thread.messages.find(({ id: messageId }) => messageId === draft.replyTo?.messageId);

  return (
    <DropZone
      as="main"
      className="thread"
      aria-label={conversation ? `Conversation with ${conversationName(conversation, me)}` : 'Conversation'}
      onFiles={carried.attach}
      disabled={conversation?.status !== 'ACTIVE'}
    >
      <ThreadHead
        id={id}
        conversation={conversation}
        onBack={onBack}
        onDetails={onDetails}
        detailsShown={detailsShown}
        tight={tight}
        onStatus={(status) => void setStatus(status)}
      />
      {tight && conversation?.subject && <SubjectStrip subject={conversation.subject} onOpen={onDetails} />}
      {thread.loaded && conversation ? (
        <ThreadView conversation={conversation} thread={thread} people={people} at={at} sent={sent} actions={actions} />
      ) : (
        <ThreadWaiting error={thread.error} onRetry={() => void thread.reload()} />
      )}
      <TypingLine id={id} />
      {conversation?.status === 'CLOSED' ? (
        <ClosedLine onReopen={() => void setStatus('ACTIVE')} />
      ) : (
        <Composer
          ref={composer}
          conversationId={id}
          editing={editing}
          onEditing={setEditing}
          replyTo={live ? quoteOf(live) : draft.replyTo}
          onCancelReply={() => setDraft({ replyTo: null })}
          people={conversation?.kind === 'GROUP' ? others(people, me) : []}
          onSubmit={submit}
          onEditLast={editLast}
          tools={carried.tools}
          tray={carried.tray}
          endTool={carried.endTool}
          endToolBusy={carried.recording}
          laden={carried.laden}
          onFiles={carried.attach}
        />
      )}
      {carried.asking}
      {open && conversation && <MessageWindow open={open} conversation={conversation} thread={thread} people={people} me={me} onClose={() => setOpen(null)} />}
    </DropZone>
  );
}

interface WindowProps {
  open: Window;
  conversation: Conversation;
  thread: Messages;
  people: ReturnType<typeof usePeople>;
  me: string | null;
  onClose: () => void;
}

function MessageWindow({ open, conversation, thread, people, me, onClose }: WindowProps) {
  const message = thread.messages.find(({ id }) => id === open.message.id) ?? open.message;
  switch (open.kind) {
    case 'forward':
      return <ForwardDialog message={message} onClose={onClose} />;
    case 'versions':
      return <HistoryDialog message={message} people={people} onClose={onClose} />;
    case 'readers':
      return <ReadersDialog message={message} conversation={conversation} me={me} onClose={onClose} />;
  }
}

/** It can be undone where it stood, and from the corner where it is told. */
function remove(messageId: string, { requestDelete, undoDelete }: Pick<Messages, 'requestDelete' | 'undoDelete'>): void {
  const about = `delete ${messageId}`;
  announce('Deleting the message. You can undo it for five seconds.');
  toast({ about, picture: null, title: 'Deleting the message', text: '', onOpen: null, action: { label: 'Undo', act: () => undo(messageId, undoDelete) } });
  void tried(
    requestDelete(messageId).finally(() => dismissToasts(about)),
    'The message could not be deleted',
  );
}

function undo(messageId: string, undoDelete: Messages['undoDelete']): void {
  if (undoDelete(messageId)) announce('The message stays.');
  else notice('It was too late to undo that');
}

function isOpen(client: MessagingClient, id: string): boolean {
  return client.store.get().conversations[id]?.status === 'ACTIVE';
}

function ThreadWaiting({ error, onRetry }: { error: string | null; onRetry: () => void }) {
  if (error === null) return <ThreadSkeleton />;
  return (
    <div className="thread-waiting">
      <EmptyState icon={Ban} title="The messages could not be loaded" text={error}>
        <Button onClick={onRetry}>Try again</Button>
      </EmptyState>
    </div>
  );
}

function Gone({ reason, onBack }: { reason: GoneReason; onBack: () => void }) {
  const deleted = reason === 'deleted';
  return (
    <main className="pane-empty" aria-label="Conversation">
      <EmptyState
        icon={deleted ? Ban : SearchX}
        alone
        title={deleted ? 'This conversation was deleted' : 'This conversation is not available'}
        text={
          deleted
            ? 'One of its participants deleted it for everyone.'
            : 'The link may be wrong, or you do not take part in the conversation.'
        }
      >
        <Button kind="primary" onClick={reason === 'deleted' ? onBack : openList}>
          Back to your conversations
        </Button>
      </EmptyState>
    </main>
  );
}
