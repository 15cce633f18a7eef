/** One row, two lines: who and when; about what, what was said last, and how much is unread. */

import { Lock } from 'lucide-react';
import { memo, type MouseEvent } from 'react';

import { conversationName, counterparts, personName, type Conversation, type Message } from '../../client';
import { messageInWords } from '../files/words';
import { fullTimeOf, shortWhen } from '../format';
import { conversationPath, openConversation } from '../router';
import { ConversationPicture } from './ConversationPicture';

interface Props {
  conversation: Conversation;
  me: string | null;
  now: Date;
  open: boolean;
}

export const ConversationRow = memo(function ConversationRow({ conversation, me, now, open }: Props) {
  const { id, unread, status, subject, lastMessage, kind } = conversation;
  const company = kind === 'DIRECT' ? counterparts(conversation, me)[0]?.companyName : null;
  const at = lastMessage?.createdAt ?? conversation.createdAt;
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    openConversation(id);
  };
  return (
    <li className="row-item">
      <a
        className="row"
        href={conversationPath(id)}
        data-conversation={id}
        data-unread={unread > 0}
        aria-current={open ? 'page' : undefined}
        onClick={follow}
      >
        <ConversationPicture conversation={conversation} me={me} />
        <span className="row-lines">
          <span className="row-line">
            <span className="row-who">
              <span className="row-name">{conversationName(conversation, me)}</span>
              {company && <span className="row-company">{company}</span>}
            </span>
            <time className="row-when" dateTime={at} title={fullTimeOf(at)}>
              {shortWhen(at, now)}
            </time>
          </span>
          <span className="row-line">
            <span className="row-what">
              {status === 'CLOSED' && <Lock size={12} strokeWidth={2} aria-label="Closed" />}
              {subject && <span className="row-subject">{subject.title}</span>}
              <span className="row-last" dir="auto">
                {lastText(lastMessage, me, kind === 'GROUP')}
              </span>
            </span>
            {unread > 0 && (
              <span className="badge">
                <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
                <span className="visually-hidden">{unread} unread</span>
              </span>
            )}
          </span>
        </span>
      </a>
    </li>
  );
});

function lastText(message: Message | null, me: string | null, group: boolean): string {
  if (message === null) return 'No messages yet';
  const text = message.deletedAt === null ? messageInWords(message) : 'Message deleted';
  if (message.sender.id === me) return `You: ${text}`;
  return group ? `${personName(message.sender).split(' ')[0] ?? ''}: ${text}` : text;
}
