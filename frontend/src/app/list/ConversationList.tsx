/** The list's column: one field to search with, and under it what was found or the conversations. */

import { Search, SquarePen, X } from 'lucide-react';
import { useCallback, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from 'react';

import type { Subject } from '../../client';
import { Brand } from '../parts/Brand';
import { IconButton } from '../parts/Button';
import { hasFilter, NOTHING_ASKED, type Ask } from '../search/ask';
import { SearchPanel } from '../search/SearchPanel';
import { UserMenu } from '../session/UserMenu';
import { isTouch } from '../viewport';
import { Filters } from './Filters';
import type { ListFilter } from './filter';
import { move } from './move';
import { RowMenu, type Asked, type Place } from './RowMenu';
import { Rows } from './Rows';

export interface ListHandle {
  focusSearch: () => void;
  focus: (conversationId: string | null) => void;
}

interface Props {
  ref: Ref<ListHandle>;
  openId: string | null;
  filter: ListFilter;
  onFilter: (filter: ListFilter) => void;
  /** Null while nobody searches. */
  ask: Ask | null;
  onAsk: (ask: Ask | null) => void;
  /** Where the focus was before the search; called as it ends. */
  returnFocus: () => boolean;
  onStart: () => void;
  onSettings: () => void;
  onShortcuts: () => void;
}

export function ConversationList(props: Props) {
  const { ref, openId, filter, onFilter, ask, onAsk, returnFocus, onStart, onSettings, onShortcuts } = props;
  const input = useRef<HTMLInputElement>(null);
  const frame = useRef<HTMLElement>(null);
  const [menu, setMenu] = useState<Asked | null>(null);
  /** The menu that was open when the pointer went down: pressing its button again only closes it. */
  const before = useRef<string | null>(null);
  useImperativeHandle(ref, () => ({
    focusSearch: () => input.current?.select(),
    focus: (id) => (id === null ? null : rowOf(frame.current, id))?.focus(),
  }));
  const onMenu = useCallback((conversationId: string, place: Place) => {
    if (before.current === conversationId) before.current = null;
    else setMenu({ conversationId, place });
  }, []);
  const close = () => {
    onAsk(null);
    if (!returnFocus() && !isTouch()) input.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') move(event, frame.current);
    // A window or a menu over the list has an Escape of its own.
    const ours = (event.target as Element).closest('dialog, [role="menu"]') === null;
    if (event.key === 'Escape' && ask !== null && ours && !event.defaultPrevented) {
      event.preventDefault();
      close();
    }
  };
  const showSubject = (subject: Subject) => {
    onAsk(null);
    onFilter({ tab: 'all', subject });
  };
  return (
    // The keys move between rows that are links, so each of them works by itself too.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <nav
      ref={frame}
      className="list"
      aria-label="Conversations"
      data-searching={ask !== null}
      onKeyDown={onKeyDown}
      onPointerDown={() => {
        before.current = menu?.conversationId ?? null;
      }}
      onPointerUp={() => {
        // The click comes after it.
        setTimeout(() => {
          before.current = null;
        });
      }}
    >
      {openId === null && <h1 className="visually-hidden">Messages</h1>}
      <header className="list-head">
        <Brand />
        <div className="list-actions">
          <IconButton icon={SquarePen} label="New conversation" hint="C" onClick={onStart} />
          <UserMenu onSettings={onSettings} onShortcuts={onShortcuts} />
        </div>
      </header>
      <div className="search" role="search">
        <Search size={16} strokeWidth={1.75} aria-hidden="true" />
        <input
          ref={input}
          type="search"
          value={ask?.q ?? ''}
          maxLength={200}
          onChange={(event) => onAsk({ ...(ask ?? NOTHING_ASKED), q: event.target.value })}
          onClick={() => {
            if (ask === null) onAsk(NOTHING_ASKED);
          }}
          onBlur={(event) => {
            const within = event.relatedTarget instanceof Node && frame.current?.contains(event.relatedTarget) === true;
            if (ask !== null && ask.q === '' && !hasFilter(ask) && !within && event.relatedTarget !== null) onAsk(null);
          }}
          placeholder="Search messages and people"
          aria-label="Search"
          autoComplete="off"
          enterKeyHint="search"
          data-move-from=""
        />
        {ask === null ? <kbd aria-hidden="true">/</kbd> : <IconButton icon={X} label="End the search" hint="Esc" onClick={close} />}
      </div>
      {ask === null ? (
        <>
          <Filters filter={filter} onFilter={onFilter} />
          <Rows filter={filter} openId={openId} menuId={menu?.conversationId ?? null} onMenu={onMenu} onFilter={onFilter} onStart={onStart} />
        </>
      ) : (
        <SearchPanel ask={ask} onAsk={onAsk} openId={openId} menuId={menu?.conversationId ?? null} onMenu={onMenu} input={input} />
      )}
      <RowMenu asked={menu} onClose={() => setMenu(null)} onSubject={showSubject} returnFocus={(id) => (rowOf(frame.current, id) ?? input.current)?.focus()} />
    </nav>
  );
}

function rowOf(frame: HTMLElement | null, id: string): HTMLElement | null {
  return frame?.querySelector<HTMLElement>(`a[data-conversation="${CSS.escape(id)}"]`) ?? null;
}
