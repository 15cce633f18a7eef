/** The emoji to choose from, in a grid that the arrow keys walk. Loaded when it is first opened. */

import { useEffect, useRef, type KeyboardEvent } from 'react';

import { EMOJI } from './emoji';

const COLUMNS = 8;

interface Props {
  onPick: (emoji: string) => void;
  onClose: () => void;
}

export default function EmojiPanel({ onPick, onClose }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    buttonsOf(panel.current)[0]?.focus();
  }, []);
  useEffect(() => {
    const onPointer = (event: PointerEvent) => {
      if (event.target instanceof Element && !event.target.closest('.emoji, .emoji-button')) onClose();
    };
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  }, [onClose]);
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS };
    const step = steps[event.key];
    if (event.key !== 'Escape' && step === undefined) return;
    event.preventDefault();
    if (step === undefined) onClose();
    else move(panel.current, step);
  };
  return (
    // The keys move between buttons, each of which works by itself too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={panel} className="emoji" role="group" aria-label="Emoji" onKeyDown={onKeyDown}>
      {EMOJI.map(({ name, items }) => (
        <section key={name} aria-label={name}>
          <h3>{name}</h3>
          <div className="emoji-grid">
            {items.map(([emoji, meaning]) => (
              <button key={emoji} type="button" aria-label={meaning} title={meaning} onClick={() => onPick(emoji)}>
                {emoji}
              </button>
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function buttonsOf(panel: HTMLElement | null): HTMLButtonElement[] {
  return [...(panel?.querySelectorAll('button') ?? [])];
}

function move(panel: HTMLElement | null, step: number): void {
  const buttons = buttonsOf(panel);
  const index = buttons.findIndex((button) => button === document.activeElement);
  buttons[index + step]?.focus();
}
