/** With whom, about what if anything, and the first message. */

import { useId, useState, type SyntheticEvent } from 'react';

import { MAX_CONTENT_CHARS, newClientId, personName, toMessagingError, type Profile } from '../../client';
import { useSocket } from '../../react';
import { PersonWords } from '../groups/PeopleChooser';
import { Button } from '../parts/Button';
import { useKnownPeople } from '../people';
import { openConversation } from '../router';
import { AboutField, subjectOf, useSubjects } from './subjects';

export function StartDirect({ onClose }: { onClose: () => void }) {
  const client = useSocket();
  const people = useKnownPeople();
  const subjects = useSubjects();
  const [person, setPerson] = useState<Profile | null>(null);
  const [about, setAbout] = useState('');
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [clientId] = useState(newClientId);
  const id = useId();

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
          <AboutField subjects={subjects} value={about} onChange={setAbout} />
          <label htmlFor={id}>Message</label>
          <textarea
            id={id}
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
