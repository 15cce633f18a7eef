/** What narrows the search: where, by whom, when, and whether with files. */

import { CalendarDays, Check, MessageSquare, Paperclip, UserRound, X } from 'lucide-react';
import { useId, type ComponentProps, type ReactNode } from 'react';

import { conversationName, personName } from '../../client';
import { useClientState, useMe } from '../../react';
import { IconButton } from '../parts/Button';
import { Menu, MenuItem, MenuLine } from '../parts/Menu';
import { useKnownPeople } from '../people';
import { useSignedIn } from '../session/SessionContext';
import { PERIODS, whenWords, type Ask } from './ask';

interface Props {
  ask: Ask;
  onAsk: (ask: Ask) => void;
  openId: string | null;
}

export function SearchFilters({ ask, onAsk, openId }: Props) {
  return (
    <>
      <div className="chips" role="group" aria-label="Only messages">
        <Where ask={ask} onAsk={onAsk} openId={openId} />
        <Who ask={ask} onAsk={onAsk} />
        <When ask={ask} onAsk={onAsk} />
        <button type="button" className="chip" aria-pressed={ask.files} onClick={() => onAsk({ ...ask, files: !ask.files })}>
          <Paperclip size={14} strokeWidth={1.75} aria-hidden="true" />
          With files
        </button>
      </div>
      {ask.when.kind === 'dates' && <Dates ask={ask} onAsk={onAsk} />}
    </>
  );
}

function Where({ ask, onAsk, openId }: Props) {
  const me = useMe();
  const open = useClientState((state) => (openId === null ? undefined : state.conversations[openId]));
  const { conversation } = ask;
  if (conversation === null && open === undefined) return null;
  const on = conversation !== null;
  const toggle = () => onAsk({ ...ask, conversation: on || open === undefined ? null : { id: open.id, name: conversationName(open, me) } });
  return (
    <button type="button" className="chip" aria-pressed={on} onClick={toggle} title={conversation?.name}>
      <MessageSquare size={14} strokeWidth={1.75} aria-hidden="true" />
      <span className="chip-words">{conversation === null || conversation.id === openId ? 'In this conversation' : `In ${conversation.name}`}</span>
    </button>
  );
}

function Who({ ask, onAsk }: Omit<Props, 'openId'>) {
  const { me } = useSignedIn();
  const people = useKnownPeople();
  const choose = (person: Ask['person']) => onAsk({ ...ask, person });
  return (
    <Menu
      label="Written by"
      align="start"
      trigger={
        <Chip on={ask.person !== null} icon={<UserRound size={14} strokeWidth={1.75} aria-hidden="true" />}>
          {ask.person === null ? 'From' : `From ${ask.person.name}`}
        </Chip>
      }
    >
      <MenuItem {...(ask.person === null && { icon: Check })} onSelect={() => choose(null)}>
        Anybody
      </MenuItem>
      <MenuItem {...(ask.person?.id === me.id && { icon: Check })} onSelect={() => choose({ id: me.id, name: 'me' })}>
        Me
      </MenuItem>
      <MenuLine />
      <div className="menu-scroll">
        {people.map((person) => (
          <MenuItem key={person.id} {...(ask.person?.id === person.id && { icon: Check })} onSelect={() => choose({ id: person.id, name: personName(person) })}>
            {personName(person)}
          </MenuItem>
        ))}
      </div>
    </Menu>
  );
}

function When({ ask, onAsk }: Omit<Props, 'openId'>) {
  const { when } = ask;
  return (
    <Menu
      label="Written when"
      align="start"
      trigger={
        <Chip on={when.kind !== 'ever'} icon={<CalendarDays size={14} strokeWidth={1.75} aria-hidden="true" />}>
          {when.kind === 'ever' ? 'Date' : whenWords(when)}
        </Chip>
      }
    >
      <MenuItem {...(when.kind === 'ever' && { icon: Check })} onSelect={() => onAsk({ ...ask, when: { kind: 'ever' } })}>
        Any time
      </MenuItem>
      {PERIODS.map(({ days, label }) => (
        <MenuItem key={days} {...(when.kind === 'days' && when.days === days && { icon: Check })} onSelect={() => onAsk({ ...ask, when: { kind: 'days', days } })}>
          {label}
        </MenuItem>
      ))}
      <MenuLine />
      <MenuItem {...(when.kind === 'dates' && { icon: Check })} onSelect={() => onAsk({ ...ask, when: { kind: 'dates', from: '', to: '' } })}>
        Choose dates…
      </MenuItem>
    </Menu>
  );
}

function Dates({ ask, onAsk }: Omit<Props, 'openId'>) {
  const ids = { from: useId(), to: useId() };
  if (ask.when.kind !== 'dates') return null;
  const { from, to } = ask.when;
  const change = (next: { from?: string; to?: string }) => onAsk({ ...ask, when: { kind: 'dates', from, to, ...next } });
  return (
    <div className="dates">
      <label htmlFor={ids.from}>From</label>
      <input id={ids.from} type="date" className="field" value={from} {...(to !== '' && { max: to })} onChange={(event) => change({ from: event.target.value })} />
      <label htmlFor={ids.to}>to</label>
      <input id={ids.to} type="date" className="field" value={to} {...(from !== '' && { min: from })} onChange={(event) => change({ to: event.target.value })} />
      <IconButton icon={X} label="Any date" onClick={() => onAsk({ ...ask, when: { kind: 'ever' } })} />
    </div>
  );
}

interface ChipProps extends ComponentProps<'button'> {
  on: boolean;
  icon: ReactNode;
}

/** What a menu hangs on hands it more attributes. */
function Chip({ on, icon, children, ...rest }: ChipProps) {
  return (
    <button type="button" className="chip" data-on={on} {...rest}>
      {icon}
      <span className="chip-words">{children}</span>
    </button>
  );
}
