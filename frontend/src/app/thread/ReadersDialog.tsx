/** Who has read a message, to whom it came, and to whom not yet. */

import { receiptOf, type Conversation, type Message, type Receiver } from '../../client';
import { fullTimeOf } from '../format';
import { Avatar } from '../parts/Avatar';
import { Dialog } from '../parts/Dialog';

interface Props {
  message: Message;
  conversation: Conversation;
  me: string | null;
  onClose: () => void;
}

export function ReadersDialog({ message, conversation, me, onClose }: Props) {
  const { read, delivered, unreached } = receiptOf(conversation, message, me);
  const pictures = new Map(conversation.participants.map(({ userId, avatarUrl }) => [userId, avatarUrl]));
  return (
    <Dialog title="Who has read this" onClose={onClose} size="s">
      <Receivers title="Read" receivers={read} pictures={pictures} />
      <Receivers title="Delivered" receivers={delivered} pictures={pictures} />
      <Receivers title="Not yet" receivers={unreached} pictures={pictures} />
      <p className="receivers-note">Those who keep it to themselves stand here as not having read it.</p>
    </Dialog>
  );
}

function Receivers({ title, receivers, pictures }: { title: string; receivers: readonly Receiver[]; pictures: ReadonlyMap<string, string | null> }) {
  if (receivers.length === 0) return null;
  return (
    <section className="receivers" aria-label={title}>
      <h3>
        {title} <span className="soft">{receivers.length}</span>
      </h3>
      <ul>
        {receivers.map(({ userId, name, at }) => (
          <li key={userId} className="person">
            <Avatar id={userId} name={name} url={pictures.get(userId) ?? null} size="s" />
            <span className="person-words">
              <span className="person-name">{name}</span>
              {at !== null && (
                <time className="person-about" dateTime={at}>
                  {fullTimeOf(at)}
                </time>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
