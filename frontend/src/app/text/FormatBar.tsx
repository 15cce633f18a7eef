/** The formatting of what is being written, by mouse, touch and arrow keys. Its keys work without it, too. */

import { Bold, Code, Italic, Link, List, ListOrdered, SquareCode, Strikethrough, TextQuote, type LucideIcon } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';

import { IconButton } from '../parts/Button';
import { IS_APPLE } from '../viewport';
import type { Format } from './edit';

interface Tool {
  format: Format;
  icon: LucideIcon;
  label: string;
  key?: string;
  shift?: boolean;
}

const TOOLS: readonly Tool[] = [
  { format: 'strong', icon: Bold, label: 'Bold', key: 'b' },
  { format: 'em', icon: Italic, label: 'Italic', key: 'i' },
  { format: 'strike', icon: Strikethrough, label: 'Strikethrough', key: 'x', shift: true },
  { format: 'code', icon: Code, label: 'Code', key: 'e' },
  { format: 'link', icon: Link, label: 'Link' },
  { format: 'bullets', icon: List, label: 'Bulleted list' },
  { format: 'numbers', icon: ListOrdered, label: 'Numbered list' },
  { format: 'quote', icon: TextQuote, label: 'Quote' },
  { format: 'block', icon: SquareCode, label: 'Code block' },
];

/** The formatting that a key asks for. */
export function formatOf(event: KeyboardEvent): Format | null {
  if (!(IS_APPLE ? event.metaKey : event.ctrlKey) || event.altKey) return null;
  const tool = TOOLS.find(({ key, shift = false }) => key === event.key.toLowerCase() && shift === event.shiftKey);
  return tool?.format ?? null;
}

export function FormatBar({ onFormat }: { onFormat: (format: Format) => void }) {
  const [current, setCurrent] = useState(0);
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const to = nextOf(event.key, current);
    if (to === null) return;
    event.preventDefault();
    setCurrent(to);
    event.currentTarget.querySelectorAll('button')[to]?.focus();
  };
  return (
    <div className="format-bar" role="toolbar" aria-label="Formatting" tabIndex={-1} onKeyDown={onKeyDown}>
      {TOOLS.map(({ format, icon, label, key, shift = false }, index) => (
        <IconButton
          key={format}
          icon={icon}
          label={label}
          {...(key !== undefined && { hint: hintOf(key, shift), 'aria-keyshortcuts': `${IS_APPLE ? 'Meta' : 'Control'}+${shift ? 'Shift+' : ''}${key.toUpperCase()}` })}
          tabIndex={index === current ? 0 : -1}
          // The text keeps its selection, and a phone its keyboard.
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
          onFocus={() => setCurrent(index)}
          onClick={() => onFormat(format)}
        />
      ))}
    </div>
  );
}

function hintOf(key: string, shift: boolean): string {
  return IS_APPLE ? `${shift ? '⇧' : ''}⌘${key.toUpperCase()}` : `Ctrl+${shift ? 'Shift+' : ''}${key.toUpperCase()}`;
}

function nextOf(key: string, current: number): number | null {
  const last = TOOLS.length - 1;
  const moves: Record<string, number | undefined> = {
    ArrowLeft: current === 0 ? last : current - 1,
    ArrowRight: current === last ? 0 : current + 1,
    Home: 0,
    End: last,
  };
  return moves[key] ?? null;
}
