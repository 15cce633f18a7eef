/** Choose several people: of those one knows, or by id. */

import { Plus, X } from 'lucide-react';
import { useState } from 'react';

import { personName, type Profile } from '../../client';
import { countryName, roleName } from '../format';
import { Avatar } from '../parts/Avatar';

/** What the server takes for an id. */
const ID = /^[A-Za-z0-9._:@|+=~-]{1,128}$/;

interface Props {
  people: readonly Profile[];
  chosen: readonly Profile[];
  onChoose: (chosen: readonly Profile[]) => void;
  /** So many more there is room for. */
  room: number;
}

export function PeopleChooser({ people, chosen, onChoose, room }: Props) {
  const [q, setQ] = useState('');
  const wanted = q.trim().toLocaleLowerCase();
  const found = people.filter((person) => [person.name, person.companyName, person.id].some((text) => text?.toLocaleLowerCase().includes(wanted)));
  const stranger = strangerOf(q.trim(), people, chosen);
  const full = chosen.length >= room;
  const toggle = (person: Profile) => {
    const without = chosen.filter(({ id }) => id !== person.id);
    onChoose(without.length < chosen.length ? without : [...chosen, person]);
  };
  return (
    <div className="chooser">
      {chosen.length > 0 && (
        <ul className="chosen" aria-label="Chosen">
          {chosen.map((person) => (
            <li key={person.id}>
              <button type="button" className="chosen-one" aria-label={`Take ${personName(person)} out`} onClick={() => toggle(person)}>
                {personName(person)}
                <X size={14} strokeWidth={2} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <input
        type="search"
        className="field"
        aria-label="Find people"
        placeholder="Name, company or id"
        value={q}
        onChange={(event) => setQ(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.preventDefault();
        }}
        data-first-focus
      />
      <ul className="start-people chooser-people" aria-label="People">
        {found.map((person) => {
          const is = chosen.some(({ id }) => id === person.id);
          return (
            <li key={person.id}>
              <label className="start-choice">
                <input type="checkbox" className="check" checked={is} disabled={full && !is} onChange={() => toggle(person)} />
                <PersonWords person={person} />
              </label>
            </li>
          );
        })}
        {stranger && !full && (
          <li>
            <button
              type="button"
              className="start-choice"
              onClick={() => {
                toggle(stranger);
                setQ('');
              }}
            >
              <Plus size={18} strokeWidth={1.75} aria-hidden="true" />
              <span>
                Add the person with the id <strong>{stranger.id}</strong>
              </span>
            </button>
          </li>
        )}
      </ul>
      {found.length === 0 && !stranger && <p className="start-none">Nobody of that name.</p>}
      {full && <p className="start-none">The group is full.</p>}
    </div>
  );
}

export function PersonWords({ person }: { person: Profile }) {
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

/** Somebody whom one knows by nothing but their id. */
function strangerOf(id: string, people: readonly Profile[], chosen: readonly Profile[]): Profile | null {
  if (!ID.test(id) || [...people, ...chosen].some((person) => person.id === id)) return null;
  return { id, name: null, companyName: null, country: null, avatarUrl: null, role: null };
}
