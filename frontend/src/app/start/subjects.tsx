/** What a new conversation is about: something that is talked of already, or a topic of its own. */

import { useId, useMemo } from 'react';

import { listSubjects, newClientId, type NewSubject, type Subject } from '../../client';
import { useClientState } from '../../react';

export function useSubjects(): readonly Subject[] {
  const conversations = useClientState((state) => state.conversations);
  return useMemo(() => listSubjects({ conversations }), [conversations]);
}

/** A title that is known means that subject; another one makes a topic of its own. */
export function subjectOf(title: string, known: readonly Subject[]): NewSubject | null {
  if (title === '') return null;
  return known.find((subject) => subject.title === title) ?? { type: 'topic', id: newClientId(), title };
}

interface Props {
  subjects: readonly Subject[];
  value: string;
  onChange: (title: string) => void;
}

export function AboutField({ subjects, value, onChange }: Props) {
  const ids = { about: useId(), list: useId() };
  return (
    <>
      <label htmlFor={ids.about}>
        About <span className="soft">optional</span>
      </label>
      <input
        id={ids.about}
        className="field"
        list={ids.list}
        value={value}
        maxLength={200}
        placeholder="A product or a topic"
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={ids.list}>
        {subjects.map((subject) => (
          <option key={`${subject.type} ${subject.id}`} value={subject.title} />
        ))}
      </datalist>
    </>
  );
}
