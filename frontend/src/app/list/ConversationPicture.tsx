/** What the talk is about, with the face of who it is with. */

import { counterparts, personName, type Conversation } from '../../client';
import { Avatar } from '../parts/Avatar';
import { SubjectPicture } from '../parts/SubjectPicture';

export function ConversationPicture({ conversation, me }: { conversation: Conversation; me: string | null }) {
  const people = counterparts(conversation, me);
  const [first, second] = people;
  if (first === undefined) return <span className="picture" />;
  const face = <Avatar id={first.userId} name={personName(first)} url={first.avatarUrl} size={hasPicture(conversation) ? 'xs' : 'm'} />;
  if (hasPicture(conversation)) {
    return (
      <span className="picture picture-subject">
        <SubjectPicture url={conversation.subject?.imageUrl ?? null} />
        {face}
      </span>
    );
  }
  if (people.length < 2 || second === undefined) return <span className="picture">{face}</span>;
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
