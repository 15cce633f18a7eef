/** One conversation: its head, its messages, its composer; or why it cannot be shown. */

import { Ban, SearchX } from 'lucide-react';
import { useRef, useState } from 'react';

import { conversationName, personName, toMessagingError, type Conversation, type GoneReason, type Message } from '../../client';
import { useConversation, useMe, useMessages, useSocket } from '../../react';
import { useCarried } from '../files/useCarried';
import { Button } from '../parts/Button';
import { Confirm } from '../parts/Dialog';
import { EmptyState } from '../parts/EmptyState';
import { notice } from '../parts/toasts';
import { openList } from '../router';
import type { Person } from '../text/mentions';
import { DropZone } from '../uploads/DropZone';
import { isTouch } from '../viewport';
import { ClosedLine } from './ClosedLine';
import { Composer, type ComposerHandle } from './Composer';
import { SubjectStrip } from './SubjectStrip';
import { ThreadHead } from './ThreadHead';
import { ThreadSkeleton } from './ThreadSkeleton';
import { ThreadView } from './ThreadView';
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

export function ThreadPane({ id, at, onBack, onDetails, detailsShown, tight }: Props) {
  const client = useSocket();
  const me = useMe();
  const { conversation, gone } = useConversation(id);
  const thread = useMessages(id, { at });
  const composer = useRef<ComposerHandle>(null);
  const [editing, setEditing] = useState<Message | null>(null);
  const [deleting, setDeleting] = useState<Message | null>(null);
  const [sent, setSent] = useState(0);

  const follow = () => {
    if (thread.hasAfter) void thread.loadNewest().then(() => setSent((before) => before + 1));
    else setSent((before) => before + 1);
  };
  const carried = useCarried(id, { onSent: follow, onEmptied: () => composer.current?.focus() });

  if (gone !== null) return <Gone reason={gone.reason} onBack={onBack} />;

  const people = conversation?.kind === 'GROUP' ? peopleOf(conversation, me) : NOBODY;
  const setStatus = (status: 'ACTIVE' | 'CLOSED') => tried(client.setStatus(id, status), 'The conversation could not be changed');
  const edit = (message: Message) => {
    setEditing(message);
    composer.current?.focus();
  };
  const editLast = () => {
    const last = thread.messages.findLast((message) => message.sender.id === me && message.deletedAt === null);
    if (last) edit(last);
  };
  const submit = (text: string) => {
    if (editing === null) {
      thread.send(text, { attachments: carried.take() });
      follow();
      return;
    }
    setEditing(null);
    if (text !== editing.content) void tried(thread.edit(editing.id, text), 'The message could not be changed');
  };

  return (
    <main className="thread" aria-label={conversation ? `Conversation with ${conversationName(conversation, me)}` : 'Conversation'}>
      <DropZone className="thread-zone" onFiles={carried.attach} disabled={conversation?.status !== 'ACTIVE'}>
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
        <ThreadView
          conversation={conversation}
          thread={thread}
          at={at}
          sent={sent}
          onEdit={edit}
          onDelete={setDeleting}
          onLeave={() => {
            if (!isTouch()) composer.current?.focus();
          }}
        />
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
          people={people}
          onSubmit={submit}
          onCancelEdit={() => setEditing(null)}
          onEditLast={editLast}
          tools={carried.tools}
          tray={carried.tray}
          endTool={carried.endTool}
          endToolBusy={carried.recording}
          laden={carried.laden}
          onFiles={carried.attach}
        />
      )}
      </DropZone>
      {carried.asking}
      {deleting && (
        <Confirm
          title="Delete this message?"
          text="It is erased for everyone in the conversation. Its place stays, its text does not."
          action="Delete message"
          onClose={() => setDeleting(null)}
          onConfirm={() => void tried(thread.requestDelete(deleting.id), 'The message could not be deleted')}
        />
      )}
    </main>
  );
}

const NOBODY: readonly Person[] = [];

/** Whom one may name: all others in a group. */
function peopleOf({ participants }: Conversation, me: string | null): Person[] {
  return participants
    .filter(({ userId }) => userId !== me)
    .map((each) => ({ id: each.userId, name: personName(each), avatarUrl: each.avatarUrl, about: each.companyName }));
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

async function tried(doing: Promise<unknown>, failure: string): Promise<void> {
  try {
    await doing;
  } catch (error) {
    notice(failure, toMessagingError(error).message);
  }
}
