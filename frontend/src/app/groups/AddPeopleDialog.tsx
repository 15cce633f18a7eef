/** Let more people into a group. */

import { useMemo, useState, type SyntheticEvent } from 'react';

import { toMessagingError, type Conversation, type Profile } from '../../client';
import { useClientState, useSocket } from '../../react';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { useKnownPeople } from '../people';
import { PeopleChooser } from './PeopleChooser';

const MAX_PEOPLE = 100;

export function AddPeopleDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const client = useSocket();
  const known = useKnownPeople();
  const [chosen, setChosen] = useState<readonly Profile[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const most = useClientState((state) => state.limits?.maxParticipants ?? MAX_PEOPLE);
  const { id, participants, historyVisible } = conversation;
  const people = useMemo(() => known.filter((person) => !participants.some(({ userId }) => userId === person.id)), [known, participants]);
  const submit = async (event: SyntheticEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await client.groups.add(id, chosen.map((person) => person.id));
      onClose();
    } catch (failure) {
      setError(toMessagingError(failure).message);
      setBusy(false);
    }
  };
  return (
    <Dialog title="Add people" onClose={onClose}>
      <form className="start" onSubmit={(event) => void submit(event)}>
        <p className="dialog-text">{historyVisible ? 'They see earlier messages too.' : 'They see only what is written from then on.'}</p>
        <PeopleChooser people={people} chosen={chosen} onChoose={setChosen} room={most - participants.length} />
        {error !== null && (
          <p className="field-error" role="alert">
            {error}
          </p>
        )}
        <footer className="dialog-foot">
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" disabled={chosen.length === 0 || busy}>
            {chosen.length > 1 ? `Add ${chosen.length} people` : 'Add'}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
