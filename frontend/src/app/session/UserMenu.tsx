/** Oneself: theme, settings, shortcuts, and in the demo, being somebody else. */

import { ExternalLink, Keyboard, LogOut, Settings, UserRound } from 'lucide-react';

import { personName, type Profile } from '../../client';
import { roleName } from '../format';
import { Avatar } from '../parts/Avatar';
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../parts/Menu';
import { useDemoPeople } from '../people';
import { THEMES } from '../settings/themes';
import { setTheme, useTheme } from '../theme';
import { session } from './session';
import { useSignedIn } from './SessionContext';

export function UserMenu({ onSettings, onShortcuts }: { onSettings: () => void; onShortcuts: () => void }) {
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
      <MenuItem icon={Settings} onSelect={onSettings}>
        Settings
      </MenuItem>
      <MenuItem icon={Keyboard} onSelect={onShortcuts}>
        Keyboard shortcuts
      </MenuItem>
      {demo && (
        <MenuItem icon={LogOut} onSelect={() => void session.signOut()}>
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
