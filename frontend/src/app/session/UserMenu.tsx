/** Oneself: theme, shortcuts, and in the demo, being somebody else. */

import { useQuery } from '@tanstack/react-query';
import { ExternalLink, Keyboard, LogOut, Monitor, Moon, Sun, UserRound } from 'lucide-react';

import { personName, type Profile } from '../../client';
import { roleName } from '../format';
import { Avatar } from '../parts/Avatar';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../parts/Menu';
import { setTheme, useTheme, type Theme } from '../theme';
import { session } from './session';
import { useSignedIn } from './SessionContext';

const THEMES: readonly { value: Theme; label: string; icon: typeof Sun }[] = [
  { value: 'system', label: 'As the system', icon: Monitor },
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
];

export function UserMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { me, demo } = useSignedIn();
  const theme = useTheme();
  const trigger = (
    <button type="button" className="user-button" aria-label={`Signed in as ${personName(me)}`} title={personName(me)}>
      <Avatar id={me.id} name={personName(me)} url={me.avatarUrl} size="s" />
    </button>
  );
  return (
    <Menu label="Account" trigger={trigger}>
      <div className="menu-person">
        <strong>{personName(me)}</strong>
        <span>{[roleName(me.role), me.companyName].filter(Boolean).join(' · ')}</span>
      </div>
      <MenuLine />
      {demo && <DemoItems me={me} />}
      <MenuChoice label="Theme" value={theme} options={THEMES} onChange={setTheme} />
      <MenuLine />
      <MenuItem icon={Keyboard} onSelect={onShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      {demo && (
        <MenuItem icon={LogOut} onSelect={() => void session.leave()}>
          Sign out
        </MenuItem>
      )}
    </Menu>
  );
}

function DemoItems({ me }: { me: Profile }) {
  const { data: people = [] } = useDemoPeople(true);
  const others = people.filter((person) => person.id !== me.id);
  return (
    <>
      <MenuLabel>Open in a new tab as</MenuLabel>
      <div className="menu-scroll">
        {others.map((person) => (
          <MenuItem key={person.id} icon={ExternalLink} onSelect={() => window.open(`/?as=${encodeURIComponent(person.id)}`, '_blank', 'noopener')}>
            {personName(person)} <span className="menu-soft">{roleName(person.role)}</span>
          </MenuItem>
        ))}
      </div>
      <MenuLine />
      <MenuItem icon={UserRound} onSelect={() => void session.leave()}>
        Switch person
      </MenuItem>
      <MenuLine />
    </>
  );
}

export function useDemoPeople(enabled: boolean) {
  return useQuery({ queryKey: ['demo', 'people'], queryFn: () => session.people(), enabled, staleTime: Infinity });
}
