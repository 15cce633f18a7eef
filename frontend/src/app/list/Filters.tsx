/** Which conversations to show: by what is unread, closed or archived, and by what they are about. */

import { Check, Tag, X } from 'lucide-react';
import { useMemo } from 'react';

import { isMuted, listSubjects, type Subject } from '../../client';
import { useClientState } from '../../react';
import { IconButton } from '../parts/Button';
import { Menu, MenuItem } from '../parts/Menu';
import { EVERYTHING, TABS, type ListFilter, type Tab } from './filter';
import { useMinute } from './useMinute';

interface Props {
  filter: ListFilter;
  onFilter: (filter: ListFilter) => void;
}

export function Filters({ filter, onFilter }: Props) {
  const unread = useLoudUnread();
  const archived = useArchivedCount();
  const counts: Partial<Record<Tab, number>> = { unread, archived: archived ?? 0 };
  return (
    <div className="filters">
      <div className="tabs" role="group" aria-label="Show">
        {TABS.map(({ tab, label }) => (
          <button key={tab} type="button" className="tab" aria-pressed={filter.tab === tab} onClick={() => onFilter({ ...filter, tab })}>
            {label}
            <Count count={counts[tab] ?? 0} quiet={tab === 'archived'} />
          </button>
        ))}
        <SubjectMenu chosen={filter.subject} onChoose={(subject) => onFilter({ ...filter, subject })} />
      </div>
      {filter.subject && (
        <div className="filter-chip">
          <span className="filter-chip-words">
            About <strong>{filter.subject.title}</strong>
          </span>
          <IconButton icon={X} label={`Show more than ${filter.subject.title}`} onClick={() => onFilter(EVERYTHING)} />
        </div>
      )}
    </div>
  );
}

function Count({ count, quiet }: { count: number; quiet: boolean }) {
  if (count === 0) return null;
  return (
    <span className="tab-count" data-quiet={quiet}>
      {count > 999 ? '999+' : count}
    </span>
  );
}

function SubjectMenu({ chosen, onChoose }: { chosen: Subject | null; onChoose: (subject: Subject | null) => void }) {
  const conversations = useClientState((state) => state.conversations);
  const subjects = useMemo(() => listSubjects({ conversations }), [conversations]);
  if (subjects.length === 0) return null;
  return (
    <Menu label="Show by subject" trigger={<IconButton icon={Tag} label="Show by subject" className="tabs-subject" aria-pressed={chosen !== null} />}>
      <div className="menu-scroll">
        {subjects.map((subject) => {
          const is = chosen?.type === subject.type && chosen.id === subject.id;
          return (
            <MenuItem key={`${subject.type} ${subject.id}`} {...(is && { icon: Check })} onSelect={() => onChoose(is ? null : subject)}>
              {subject.title}
            </MenuItem>
          );
        })}
      </div>
    </Menu>
  );
}

/** Unread messages in all, without those of muted conversations. */
export function useLoudUnread(): number {
  const now = useMinute().getTime();
  return useClientState((state) => {
    const quiet = Object.values(state.conversations).reduce((sum, each) => sum + (isMuted(each, now) ? each.unread : 0), 0);
    return Math.max(0, state.totalUnread - quiet);
  });
}

/** Null while not all of them are held. */
function useArchivedCount(): number | null {
  return useClientState((state) => {
    if (state.archive.status !== 'loaded' || state.archive.cursor !== null) return null;
    return Object.values(state.conversations).filter(({ personal }) => personal.archived).length;
  });
}
