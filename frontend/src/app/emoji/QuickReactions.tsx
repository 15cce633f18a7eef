/** Six emoji at hand, and a button for all others. */

import { SmilePlus } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';

import { IconButton } from '../parts/Button';
import { frequentEmoji, noteEmoji } from './used';

const COUNT = 6;

interface Props {
  /** Those that one has given already: choosing one again takes it back. */
  given?: readonly string[];
  onReact: (emoji: string) => void;
  onMore: () => void;
  moreOpen?: boolean;
}

export function QuickReactions({ given = [], onReact, onMore, moreOpen = false }: Props) {
  // They keep their places while one looks at them.
  const [emoji] = useState(() => frequentEmoji(COUNT));
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = [...event.currentTarget.querySelectorAll('button')];
    const at = buttons.findIndex((button) => button === document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  };
  return (
    <div className="quick-reactions" role="toolbar" aria-label="React" tabIndex={-1} onKeyDown={onKeyDown}>
      {emoji.map((each) => (
        <button
          key={each}
          type="button"
          className="quick-reaction"
          aria-label={`React with ${each}`}
          aria-pressed={given.includes(each)}
          onClick={() => {
            if (!given.includes(each)) noteEmoji(each);
            onReact(each);
          }}
        >
          {each}
        </button>
      ))}
      <IconButton icon={SmilePlus} label="More emoji" aria-expanded={moreOpen} onClick={onMore} />
    </div>
  );
}
