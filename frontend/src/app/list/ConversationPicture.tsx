/** What the talk is about, with the face of who it is with, and whether they are there. */

import { counterparts, personName, type Conversation, type PresenceStatus } from '../../client';
import { Avatar } from '../parts/Avatar';
import { SubjectPicture } from '../parts/SubjectPicture';
import { PresenceDot } from './PresenceDot';

interface Props {
  conversation: Conversation;
  me: string | null;
  /** Of the other one, in a conversation of two. */
  presence?: PresenceStatus | undefined;
}

export function ConversationPicture({ conversation, me, presence }: Props) {
  const people = counterparts(conversation, me);
  const [first, second] = people;
  if (first === undefined) return <span className="picture" />;
  const face = <Avatar id={first.userId} name={personName(first)} url={first.avatarUrl} size={hasPicture(conversation) ? 'xs' : 'm'} />;
  if (hasPicture(conversation)) {
    return (
      <span className="picture picture-subject">
        <SubjectPicture url={conversation.subject?.imageUrl ?? null} />
        {face}
        <PresenceDot status={presence} />
      </span>
    );
  }
  if (people.length < 2 || second === undefined) {
    return (
      <span className="picture">
        {face}
        <PresenceDot status={presence} />
      </span>
    );
  }
  return (
    <span className="picture picture-group">
      <Avatar id={second.userId} name={personName(second)} url={second.avatarUrl} size="s" />
      <Avatar id={first.userId} name={personName(first)} url={first.avatarUrl} size="s" />
    </span>
  );
}

function hasPicture({ subject }: Conversation): boolean {
  return subject?.imageUrl !== null && subject?.imageUrl !== undefined;
}
