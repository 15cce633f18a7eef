/** Start a conversation: with whom, about what if anything, and the first message. */

import { useId, useMemo, useState, type SyntheticEvent } from 'react';

import { MAX_CONTENT_CHARS, newClientId, personName, toMessagingError, type NewSubject, type Profile, type Subject } from '../../client';
import { useClientState, useSocket } from '../../react';
import { countryName, roleName } from '../format';
import { Avatar } from '../parts/Avatar';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { openConversation } from '../router';
import { useSignedIn } from '../session/SessionContext';
import { useDemoPeople } from '../session/UserMenu';

export function StartDialog({ onClose }: { onClose: () => void }) {
  const client = useSocket();
  const people = usePeople();
  const subjects = useSubjects();
  const [person, setPerson] = useState<Profile | null>(null);
  const [about, setAbout] = useState('');
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [clientId] = useState(newClientId);
  const ids = { about: useId(), text: useId(), list: useId() };

  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (person === null || text.trim() === '') return;
    setBusy(true);
    setError(null);
    try {
      const subject = subjectOf(about.trim(), subjects);
      const conversation = await client.startConversation({ recipientId: person.id, content: text.trim(), clientId, ...(subject && { subject }) });
      onClose();
      openConversation(conversation.id);
    } catch (failure) {
      setError(toMessagingError(failure).message);
      setBusy(false);
    }
  };

  return (
    <Dialog title="New conversation" onClose={onClose}>
      <form className="start" onSubmit={(event) => void submit(event)}>
        {person === null ? (
          <PersonPicker people={people} onPick={setPerson} />
        ) : (
          <>
            <div className="start-person">
              <PersonWords person={person} />
              <Button kind="quiet" onClick={() => setPerson(null)}>
                Change
              </Button>
            </div>
            <label htmlFor={ids.about}>
              About <span className="soft">optional</span>
            </label>
            <input
              id={ids.about}
              className="field"
              list={ids.list}
              value={about}
              maxLength={200}
              placeholder="A product or a topic"
              onChange={(event) => setAbout(event.target.value)}
            />
            <datalist id={ids.list}>
              {subjects.map((subject) => (
                <option key={`${subject.type} ${subject.id}`} value={subject.title} />
              ))}
            </datalist>
            <label htmlFor={ids.text}>Message</label>
            <textarea
              id={ids.text}
              className="field"
              rows={4}
              value={text}
              maxLength={MAX_CONTENT_CHARS}
              placeholder={`Write to ${personName(person).split(' ')[0] ?? ''}`}
              onChange={(event) => setText(event.target.value)}
              // The person was just chosen; the next thing is to write.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus
            />
          </>
        )}
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <footer className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={person === null || text.trim() === '' || busy}>
            {busy ? 'Sending…' : 'Send'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function PersonPicker({ people, onPick }: { people: readonly Profile[]; onPick: (person: Profile) => void }) {
  const [q, setQ] = useState('');
  const wanted = q.trim().toLocaleLowerCase();
  const found = people.filter((person) => [person.name, person.companyName].some((text) => text?.toLocaleLowerCase().includes(wanted)));
  return (
    <>
      <input
        type="search"
        className="field"
        aria-label="Find a person"
        placeholder="Name or company"
        value={q}
        onChange={(event) => setQ(event.target.value)}
        data-first-focus
      />
      <ul className="start-people" aria-label="People">
        {found.map((person) => (
          <li key={person.id}>
            <button type="button" className="start-choice" onClick={() => onPick(person)}>
              <PersonWords person={person} />
            </button>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className="start-none">Nobody of that name.</p>}
    </>
  );
}

function PersonWords({ person }: { person: Profile }) {
  return (
    <>
      <Avatar id={person.id} name={personName(person)} url={person.avatarUrl} size="m" />
      <span className="person-words">
        <span className="person-name">{personName(person)}</span>
        <span className="person-about">{[roleName(person.role), person.companyName, countryName(person.country)].filter(Boolean).join(' · ')}</span>
      </span>
    </>
  );
}

/** In the demo everybody; else those one already talks with. */
function usePeople(): readonly Profile[] {
  const { me, demo } = useSignedIn();
  const { data } = useDemoPeople(demo);
  const conversations = useClientState((state) => state.conversations);
  return useMemo(() => {
    const known = new Map<string, Profile>();
    for (const person of data ?? []) known.set(person.id, person);
    for (const { participants } of Object.values(conversations)) {
      for (const { userId, name, companyName, country, avatarUrl, role } of participants) {
        if (!known.has(userId)) known.set(userId, { id: userId, name, companyName, country, avatarUrl, role });
      }
    }
    known.delete(me.id);
    return [...known.values()].sort((a, b) => personName(a).localeCompare(personName(b)));
  }, [data, conversations, me.id]);
}

function useSubjects(): readonly Subject[] {
  const conversations = useClientState((state) => state.conversations);
  return useMemo(() => {
    const known = new Map<string, Subject>();
    for (const { subject } of Object.values(conversations)) if (subject) known.set(`${subject.type} ${subject.id}`, subject);
    return [...known.values()].sort((a, b) => a.title.localeCompare(b.title));
  }, [conversations]);
}

/** A title that is known means that subject; another one makes a topic of its own. */
function subjectOf(title: string, known: readonly Subject[]): NewSubject | null {
  if (title === '') return null;
  return known.find((subject) => subject.title === title) ?? { type: 'topic', id: newClientId(), title };
}
