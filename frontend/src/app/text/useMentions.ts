/** Naming people in a textarea: opens a list at `@`, walks it by key, and remembers whom one chose. */

import { useEffect, useId, useState, type KeyboardEvent, type RefObject } from 'react';

import { announce } from '../parts/announcer';
import { applyEdit } from './area';
import { insertion, matching, mentionedIn, queryAt, removal, type Person } from './mentions';

const NOBODY: readonly Person[] = [];

export interface Mentions {
  /** What `MentionPicker` shows; null while it is closed. */
  list: { id: string; people: readonly Person[]; active: number; choose: (person: Person) => void; activate: (index: number) => void } | null;
  /** For the textarea. */
  aria: Record<string, string | undefined>;
  onSelect: () => void;
  onBlur: () => void;
  /** True if the key was meant for the list. */
  onKeyDown: (event: KeyboardEvent) => boolean;
  /** The ids that a text names. */
  idsIn: (text: string) => string[];
}

export function useMentions(box: RefObject<HTMLTextAreaElement | null>, text: string, people: readonly Person[] = NOBODY): Mentions {
  const id = useId();
  const [caret, setCaret] = useState<number | null>(null);
  const [closedAt, setClosedAt] = useState<number | null>(null);
  const [activeId, setActiveId] = useState<string | null>(null);
  const [chosen, setChosen] = useState<readonly Person[]>(NOBODY);

  const query = caret === null || people.length === 0 ? null : queryAt(text, caret);
  const found = query === null || query.from === closedAt ? NOBODY : matching(people, query.text);
  const active = Math.max(0, found.findIndex((person) => person.id === activeId));
  const open = found.length > 0;
  const count = found.length;
  useEffect(() => {
    if (open) announce(count === 1 ? '1 person to mention' : `${count} people to mention`);
  }, [open, count]);

  const choose = (person: Person) => {
    const area = box.current;
    if (area === null || query === null) return;
    applyEdit(area, insertion(query, person, text.slice(query.from + 1 + query.text.length)));
    setChosen((before) => [person, ...before.filter((other) => other.id !== person.id)]);
    setCaret(null);
  };
  const activate = (index: number) => setActiveId(found[index]?.id ?? null);
  const keys: Record<string, (() => void) | undefined> = {
    ArrowDown: () => activate((active + 1) % count),
    ArrowUp: () => activate((active + count - 1) % count),
    Enter: () => pick(found[active], choose),
    Tab: () => pick(found[active], choose),
    Escape: () => setClosedAt(query?.from ?? null),
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    const act = open && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey ? keys[event.key] : undefined;
    if (act !== undefined) {
      event.preventDefault();
      act();
      return true;
    }
    return event.key === 'Backspace' && removeWhole(event, box.current, chosen);
  };
  return {
    list: open ? { id, people: found, active, choose, activate } : null,
    aria: {
      ...(people.length > 0 && { 'aria-autocomplete': 'list', 'aria-haspopup': 'listbox' }),
      ...(open && { 'aria-controls': id, 'aria-activedescendant': optionId(id, active) }),
    },
    onSelect: () => {
      const area = box.current;
      const at = area === null || area.selectionStart !== area.selectionEnd ? null : area.selectionStart;
      setCaret(at);
      if (area === null || queryAt(area.value, at ?? 0)?.from !== closedAt) setClosedAt(null);
    },
    onBlur: () => setCaret(null),
    onKeyDown,
    idsIn: (sent) => mentionedIn(sent, [...chosen, ...people]),
  };
}

export function optionId(listId: string, index: number): string {
  return `${listId}-${index}`;
}

function pick(person: Person | undefined, choose: (person: Person) => void): void {
  if (person !== undefined) choose(person);
}

function removeWhole(event: KeyboardEvent, area: HTMLTextAreaElement | null, people: readonly Person[]): boolean {
  if (area === null || area.selectionStart !== area.selectionEnd || event.ctrlKey || event.metaKey || event.altKey) return false;
  const edit = removal(area.value, area.selectionStart, people);
  if (edit === null) return false;
  event.preventDefault();
  applyEdit(area, edit);
  return true;
}
