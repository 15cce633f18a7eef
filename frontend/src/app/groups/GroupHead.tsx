/** The group's name, which anybody in it may change, and whether those who come later see the past. */

import { Check, Pencil, X } from 'lucide-react';
import { useState, type KeyboardEvent, type SyntheticEvent } from 'react';

import { conversationName, isOwner, toMessagingError, type Conversation } from '../../client';
import { useSocket } from '../../react';
import { IconButton } from '../parts/Button';
import { Switch } from '../parts/Switch';
import { notice } from '../parts/toasts';

/** The server's limit. */
export const MAX_TITLE_CHARS = 200;

interface Props {
  conversation: Conversation;
  me: string | null;
}

export function GroupHead({ conversation, me }: Props) {
  const [renaming, setRenaming] = useState(false);
  return (
    <section className="details-part" aria-label="Group">
      {renaming ? (
        <Rename conversation={conversation} onEnd={() => setRenaming(false)} />
      ) : (
        <div className="group-head">
          <h2 className="details-title">{conversationName(conversation, me)}</h2>
          <IconButton icon={Pencil} label="Rename the group" onClick={() => setRenaming(true)} />
        </div>
      )}
      <History conversation={conversation} owner={isOwner(conversation, me)} />
    </section>
  );
}

function Rename({ conversation, onEnd }: { conversation: Conversation; onEnd: () => void }) {
  const client = useSocket();
  const [title, setTitle] = useState(conversation.title ?? '');
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onEnd();
    const wanted = title.trim() === '' ? null : title.trim();
    if (wanted === conversation.title) return;
    client.groups.rename(conversation.id, wanted).catch((error: unknown) => notice('The group could not be renamed', toMessagingError(error).message));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    onEnd();
  };
  return (
    <form className="group-head" onSubmit={submit}>
      <input
        className="field"
        aria-label="Name of the group"
        placeholder="Named by its people"
        value={title}
        maxLength={MAX_TITLE_CHARS}
        onChange={(event) => setTitle(event.target.value)}
        onKeyDown={onKeyDown}
        // One asked to write here.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
      />
      <IconButton icon={Check} label="Save the name" type="submit" />
      <IconButton icon={X} label="Keep the name" onClick={onEnd} />
    </form>
  );
}

function History({ conversation: { id, historyVisible }, owner }: { conversation: Conversation; owner: boolean }) {
  const client = useSocket();
  if (!owner) return <p className="details-note">{historyVisible ? 'Who is added sees earlier messages.' : 'Who is added sees only what is written from then on.'}</p>;
  return (
    <Switch
      label="New members see earlier messages"
      text="Counts for those who are added from now on. Who is in the group already keeps what they see."
      checked={historyVisible}
      onChange={(visible) => {
        client.groups.setHistoryVisible(id, visible).catch((error: unknown) => notice('That could not be changed', toMessagingError(error).message));
      }}
    />
  );
}
