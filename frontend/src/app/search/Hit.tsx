/** One message that was found: who said it, where and when, and the words that were met. */

import { memo, type MouseEvent } from 'react';

import { personName, type FoundConversation, type SearchHit } from '../../client';
import { fullTimeOf, shortWhen } from '../format';
import { messageWords } from '../list/lastLine';
import { Avatar } from '../parts/Avatar';
import { conversationPath, openConversation } from '../router';
import { snippetOf } from './snippet';

interface Props {
  hit: SearchHit;
  me: string | null;
  now: Date;
  /** Only one conversation is searched, so its name says nothing. */
  within: boolean;
  onOpen: () => void;
}

export const Hit = memo(function Hit({ hit: { message, conversation, highlights }, me, now, within, onOpen }: Props) {
  const { conversationId, seq, sender, createdAt } = message;
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onOpen();
    openConversation(conversationId, seq);
  };
  const parts = highlights.length > 0 ? snippetOf(message.content, highlights) : [{ text: messageWords(message, me), hit: false }];
  return (
    <li>
      <a className="hit" href={conversationPath(conversationId, seq)} data-move="" onClick={follow}>
        <Avatar id={sender.id} name={personName(sender)} url={sender.avatarUrl} size="s" />
        <span className="row-lines">
          <span className="row-line">
            <span className="row-who">
              <span className="row-name">{sender.id === me ? 'You' : personName(sender)}</span>
              {!within && <span className="row-company">{placeOf(conversation, me, sender.id)}</span>}
            </span>
            <time className="row-when" dateTime={createdAt} title={fullTimeOf(createdAt)}>
              {shortWhen(createdAt, now)}
            </time>
          </span>
          <span className="hit-words" dir="auto">
            {parts.map(({ text, hit }, index) => (hit ? <mark key={index}>{text}</mark> : text))}
          </span>
        </span>
      </a>
    </li>
  );
});

/** The conversation beside its speaker: whom it is with, where that is not who speaks, and what it is about. */
function placeOf({ kind, title, subject, participants, participantCount }: FoundConversation, me: string | null, speaker: string): string {
  const others = participants.filter(({ id }) => id !== me);
  const names = others.map(personName).join(', ');
  const more = participantCount - participants.length;
  const people = kind === 'DIRECT' && others.some(({ id }) => id === speaker) ? null : `to ${names}${more > 0 ? ` and ${more} more` : ''}`;
  const where = title === null ? people : `in ${title}`;
  return [where, subject?.title].filter(Boolean).join(' · ');
}
