/** Beside the talk: what it is about, who takes part, and how I keep it. */

import { isMuted, type Conversation, type Subject } from '../../client';
import { useConversation, useMe } from '../../react';
import { SharedFiles } from '../files/SharedFiles';
import { useMinute } from '../list/useMinute';
import { GroupEnd } from '../groups/GroupEnd';
import { GroupHead } from '../groups/GroupHead';
import { Keeping } from './Keeping';
import { People } from './People';
import { SubjectCard } from './SubjectCard';

interface Props {
  id: string;
  onSubject: (subject: Subject) => void;
  /** Search in this conversation. */
  onSearch: () => void;
}

export function Details({ id, onSubject, onSearch }: Props) {
  const { conversation } = useConversation(id);
  const me = useMe();
  return (
    <aside className="details" aria-label="Details">
      {conversation && <Parts conversation={conversation} me={me} onSubject={onSubject} onSearch={onSearch} />}
    </aside>
  );
}

function Parts({ conversation, me, onSubject, onSearch }: Omit<Props, 'id'> & { conversation: Conversation; me: string | null }) {
  const now = useMinute();
  const { subject } = conversation;
  const group = conversation.kind === 'GROUP';
  return (
    <>
      {group && <GroupHead conversation={conversation} me={me} />}
      {subject && <SubjectCard subject={subject} onShowAll={() => onSubject(subject)} />}
      <People conversation={conversation} me={me} now={now} />
      <SharedFiles conversationId={conversation.id} />
      <Keeping conversation={conversation} muted={isMuted(conversation, now.getTime())} now={now} onSearch={onSearch} />
      {group && <GroupEnd conversation={conversation} />}
    </>
  );
}
