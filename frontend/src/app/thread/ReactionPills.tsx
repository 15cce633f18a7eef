/** The reactions under a message: how many of each, which are mine, and who gave them. A click gives or takes back mine. */

import { SmilePlus } from 'lucide-react';
import { useCallback, useEffect, useState } from 'react';

import type { Message, Reaction } from '../../client';
import { IconButton } from '../parts/Button';
import { useActions } from './actions';
import { useLongPress } from './useLongPress';
import { reactedWords } from './words';

/** So long the names stay after a finger asked for them. */
const TOLD_MS = 3_000;

interface Props {
  message: Message;
  me: string | null;
  tabIndex: number;
}

export function ReactionPills({ message, me, tabIndex }: Props) {
  const actions = useActions();
  return (
    <ul className="pills" aria-label="Reactions">
      {message.reactions.map((reaction) => (
        <li key={reaction.emoji}>
          <Pill reaction={reaction} me={me} tabIndex={tabIndex} onToggle={() => actions.react(message, reaction.emoji)} />
        </li>
      ))}
      <li>
        <IconButton
          icon={SmilePlus}
          label="Add a reaction"
          className="pill pill-add"
          tabIndex={tabIndex}
          onClick={(event) => actions.pick(message, event.currentTarget, 'all')}
        />
      </li>
    </ul>
  );
}

function Pill({ reaction, me, tabIndex, onToggle }: { reaction: Reaction; me: string | null; tabIndex: number; onToggle: () => void }) {
  const [told, setTold] = useState(false);
  const press = useLongPress(useCallback(() => setTold(true), []));
  useEffect(() => {
    if (!told) return undefined;
    const timer = setTimeout(() => setTold(false), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  const { emoji, count, users } = reaction;
  const who = reactedWords(reaction, me);
  return (
    <button
      type="button"
      className="pill"
      data-told={told}
      aria-pressed={users.some(({ id }) => id === me)}
      aria-label={`${emoji} ${count}, by ${who}`}
      tabIndex={tabIndex}
      onClick={onToggle}
      {...press}
    >
      <span className="pill-emoji">{emoji}</span>
      <span className="pill-count">{count}</span>
      <span className="pill-who">{who}</span>
    </button>
  );
}
