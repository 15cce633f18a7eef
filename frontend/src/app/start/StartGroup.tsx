/** A group: its people, its name, what it is about, and whether those who come later see what was said before. */

import { useId, useState, type SyntheticEvent } from 'react';

import { toMessagingError, type Profile } from '../../client';
import { useClientState, useSocket } from '../../react';
import { MAX_TITLE_CHARS } from '../groups/GroupHead';
import { PeopleChooser } from '../groups/PeopleChooser';
import { Button } from '../parts/Button';
import { Switch } from '../parts/Switch';
import { useKnownPeople } from '../people';
import { openConversation } from '../router';
import { AboutField, subjectOf, useSubjects } from './subjects';

const MAX_PEOPLE = 100;

export function StartGroup({ onClose }: { onClose: () => void }) {
  const client = useSocket();
  const people = useKnownPeople();
  const subjects = useSubjects();
  const [title, setTitle] = useState('');
  const [chosen, setChosen] = useState<readonly Profile[]>([]);
  const [about, setAbout] = useState('');
  const [historyVisible, setHistoryVisible] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const most = useClientState((state) => state.limits?.maxParticipants ?? MAX_PEOPLE);
  const id = useId();
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    if (chosen.length === 0) return;
    setBusy(true);
    setError(null);
    try {
      const group = await client.groups.create({
        title: title.trim() === '' ? null : title.trim(),
        participantIds: chosen.map((person) => person.id),
        historyVisible,
        subject: subjectOf(about.trim(), subjects),
      });
      onClose();
      openConversation(group.id);
    } catch (failure) {
      setError(toMessagingError(failure).message);
      setBusy(false);
    }
  };
  return (
    <form className="start" onSubmit={(event) => void submit(event)}>
      <label htmlFor={id}>
        Name <span className="soft">optional</span>
      </label>
      <input id={id} className="field" value={title} maxLength={MAX_TITLE_CHARS} placeholder="Shipment to Hamburg" onChange={(event) => setTitle(event.target.value)} />
      <h3 className="start-heading">People</h3>
      <PeopleChooser people={people} chosen={chosen} onChoose={setChosen} room={most - 1} />
      <AboutField subjects={subjects} value={about} onChange={setAbout} />
      <Switch label="New members see earlier messages" text="Off: who is added later sees only what is written from then on." checked={historyVisible} onChange={setHistoryVisible} />
      {error !== null && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <footer className="dialog-foot">
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" type="submit" disabled={chosen.length === 0 || busy}>
          {busy ? 'Creating…' : 'Create group'}
        </Button>
      </footer>
    </form>
  );
}
