/** Send what a message says to some of one's other conversations. */

import { useEffect, useState, type SyntheticEvent } from 'react';

import { conversationName, quoteOf, type Conversation, type Message } from '../../client';
import { useConversations, useMe, useSocket } from '../../react';
import { ConversationPicture } from '../list/ConversationPicture';
import { useSettled } from '../list/useSettled';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { toast } from '../parts/toasts';
import { openConversation } from '../router';
import { listed } from '../words';
import { QuoteLines } from './QuoteBlock';

const MOST = 5;
const SHOWN = 60;
const SETTLE_MS = 200;
const MAX_NAMED = 2;

export function ForwardDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const client = useSocket();
  const me = useMe();
  const [q, setQ] = useState('');
  const [chosen, setChosen] = useState<readonly Conversation[]>([]);
  const found = useFound(q.trim());
  const full = chosen.length >= MOST;
  const toggle = (conversation: Conversation) => {
    const others = chosen.filter(({ id }) => id !== conversation.id);
    setChosen(others.length < chosen.length ? others : [...chosen, conversation]);
  };
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (chosen.length === 0) return;
    client.forward(
      message,
      chosen.map(({ id }) => id),
    );
    onClose();
    tell(chosen, me);
  };
  return (
    <Dialog title="Forward" onClose={onClose}>
      <form className="forward" onSubmit={submit}>
        <div className="quote quote-still">
          <QuoteLines quote={quoteOf(message)} me={me} />
        </div>
        <input
          type="search"
          className="field"
          aria-label="Find a conversation"
          placeholder="Name, company or subject"
          value={q}
          data-first-focus
          onChange={(event) => setQ(event.target.value)}
        />
        <ul className="forward-list" aria-label="Conversations">
          {found.map((conversation) => (
            <li key={conversation.id}>
              <Choice
                conversation={conversation}
                me={me}
                checked={chosen.some(({ id }) => id === conversation.id)}
                disabled={full && chosen.every(({ id }) => id !== conversation.id)}
                onToggle={() => toggle(conversation)}
              />
            </li>
          ))}
        </ul>
        {found.length === 0 && <p className="start-none">No conversation of that name.</p>}
        <p className="forward-chosen" role="status">
          {chosen.length > 0 && `To ${namesOf(chosen, me, MOST)}. `}
          {full && `That is as many as one can choose.`}
        </p>
        <footer className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={chosen.length === 0}>
            Forward
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

interface ChoiceProps {
  conversation: Conversation;
  me: string | null;
  checked: boolean;
  disabled: boolean;
  onToggle: () => void;
}

function Choice({ conversation, me, checked, disabled, onToggle }: ChoiceProps) {
  return (
    <label className="forward-choice" data-disabled={disabled}>
      <ConversationPicture conversation={conversation} me={me} />
      <span className="person-words">
        <span className="person-name">{conversationName(conversation, me)}</span>
        {conversation.subject && <span className="person-about">{conversation.subject.title}</span>}
      </span>
      <input type="checkbox" checked={checked} disabled={disabled} onChange={onToggle} />
    </label>
  );
}

/** Of those held, and what the server finds besides; it joins them. */
function useFound(q: string): readonly Conversation[] {
  const client = useSocket();
  const settled = useSettled(q, SETTLE_MS);
  useEffect(() => {
    if (settled === '') return undefined;
    const asking = new AbortController();
    // What is held is shown anyway.
    client.find({ q: settled, status: 'ACTIVE' }, asking.signal).catch(() => undefined);
    return () => asking.abort();
  }, [client, settled]);
  return useConversations({ status: 'ACTIVE', q }).conversations.slice(0, SHOWN);
}

function tell(chosen: readonly Conversation[], me: string | null): void {
  const [first] = chosen;
  if (first === undefined) return;
  toast({
    about: 'forward',
    picture: null,
    title: `Forwarded to ${namesOf(chosen, me, MAX_NAMED)}`,
    text: '',
    onOpen: null,
    action: { label: 'Open', act: () => openConversation(first.id) },
  });
}

function namesOf(conversations: readonly Conversation[], me: string | null, most: number): string {
  return listed(conversations.map((conversation) => conversationName(conversation, me)), most);
}
