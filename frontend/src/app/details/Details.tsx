/** Beside the talk: what it is about, and who takes part. */

import { ExternalLink } from 'lucide-react';

import { personName, type Conversation, type Participant, type Subject } from '../../client';
import { useConversation, useMe } from '../../react';
import { SharedFiles } from '../files/SharedFiles';
import { countryName, factsOf, priceOf, roleName } from '../format';
import { Avatar } from '../parts/Avatar';
import { SubjectPicture } from '../parts/SubjectPicture';

export function Details({ id }: { id: string }) {
  const { conversation } = useConversation(id);
  const me = useMe();
  return (
    <aside className="details" aria-label="Details">
      {conversation?.subject && <SubjectCard subject={conversation.subject} />}
      {conversation && <People conversation={conversation} me={me} />}
      {conversation && <SharedFiles conversationId={id} />}
    </aside>
  );
}

function SubjectCard({ subject }: { subject: Subject }) {
  const price = priceOf(subject);
  const facts = factsOf(subject);
  return (
    <section className="details-part" aria-label="Subject">
      {subject.imageUrl && <SubjectPicture url={subject.imageUrl} large />}
      <h2 className="details-title">{subject.title}</h2>
      {price !== null && <p className="details-price">{price}</p>}
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(({ name, value }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {subject.url && (
        <a className="details-link" href={subject.url} target="_blank" rel="noopener noreferrer">
          Open product page
          <ExternalLink size={14} strokeWidth={1.75} aria-hidden="true" />
        </a>
      )}
    </section>
  );
}

function People({ conversation, me }: { conversation: Conversation; me: string | null }) {
  const others = conversation.participants.filter((participant) => participant.userId !== me);
  const self = conversation.participants.filter((participant) => participant.userId === me);
  return (
    <section className="details-part" aria-label="Participants">
      <h2 className="details-heading">Participants</h2>
      <ul className="people">
        {[...others, ...self].map((person) => (
          <PersonLine key={person.userId} person={person} me={me} />
        ))}
      </ul>
    </section>
  );
}

function PersonLine({ person, me }: { person: Participant; me: string | null }) {
  return (
    <li className="person">
      <Avatar id={person.userId} name={personName(person)} url={person.avatarUrl} size="m" />
      <span className="person-words">
        <span className="person-name">
          {personName(person)}
          {person.userId === me && <span className="person-you"> (you)</span>}
        </span>
        <span className="person-about">{[roleName(person.role), person.companyName, countryName(person.country)].filter(Boolean).join(' · ')}</span>
      </span>
    </li>
  );
}
