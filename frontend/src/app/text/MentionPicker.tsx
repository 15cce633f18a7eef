/** Whom one may name, above the text that names them. The focus stays in the text. */

import { useEffect, useRef } from 'react';

import { Avatar } from '../parts/Avatar';
import { optionId, type Mentions } from './useMentions';

export function MentionPicker({ list }: { list: NonNullable<Mentions['list']> }) {
  const { id, people, active, choose, activate } = list;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [active]);
  return (
    <div ref={box} id={id} className="mention-picker" role="listbox" aria-label="People to mention">
      {people.map((person, index) => (
        // The keys are the text's: it keeps the focus and names the active option.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events
        <div
          key={person.id}
          id={optionId(id, index)}
          role="option"
          tabIndex={-1}
          className="mention-option"
          aria-selected={index === active}
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
          onPointerMove={() => {
            if (index !== active) activate(index);
          }}
          onClick={() => choose(person)}
        >
          <Avatar id={person.id} name={person.name} url={person.avatarUrl ?? null} size="s" />
          <span className="mention-name">{person.name}</span>
          {person.about && <span className="mention-about">{person.about}</span>}
        </div>
      ))}
    </div>
  );
}
