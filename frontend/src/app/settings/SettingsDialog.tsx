/** What one lets others know, how one is told of messages, and how the page looks. */

import { Keyboard, Volume2 } from 'lucide-react';
import { useState } from 'react';

import { toMessagingError, type ChangeSettings } from '../../client';
import { useSettings } from '../../react';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { Switch } from '../parts/Switch';
import { notice } from '../parts/toasts';
import { setTheme, useTheme } from '../theme';
import { askForDesktop, chime, permission, setTelling, useTelling } from './notifications';
import { THEMES } from './themes';

export function SettingsDialog({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }) {
  return (
    <Dialog title="Settings" onClose={onClose}>
      <div className="settings">
        <Privacy />
        <Notifications />
        <Looks />
        <section>
          <Button onClick={onShortcuts}>
            <Keyboard size={16} strokeWidth={1.75} aria-hidden="true" />
            Keyboard shortcuts
          </Button>
        </section>
      </div>
    </Dialog>
  );
}

function Privacy() {
  const { settings, change } = useSettings();
  const [wanted, setWanted] = useState<ChangeSettings>({});
  const set = (next: ChangeSettings) => {
    setWanted((now) => ({ ...now, ...next }));
    change(next)
      .catch((error: unknown) => notice('The setting could not be changed', toMessagingError(error).message))
      .finally(() => setWanted({}));
  };
  const shown = { ...settings, ...wanted };
  return (
    <section aria-label="What others see">
      <h3>What others see</h3>
      <Switch
        label="Show when I am here"
        text="Off: you are offline to everybody and no last moment is kept. You still see when others are here, and others still see what you do, such as typing."
        checked={shown.sharePresence ?? true}
        disabled={settings === null}
        onChange={(sharePresence) => set({ sharePresence })}
      />
      <Switch
        label="Send read receipts"
        text="Off: nobody sees what you read from now on, only that it was delivered. You still see theirs, and your own unread counts clear as ever. Turned on again, your next reading shows the earlier too."
        checked={shown.sendReadReceipts ?? true}
        disabled={settings === null}
        onChange={(sendReadReceipts) => set({ sendReadReceipts })}
      />
    </section>
  );
}

const BLOCKED = {
  denied: 'This browser blocks notifications from this site. Allow them in the site’s settings, beside the address.',
  unsupported: 'This browser does not offer notifications to this page.',
} as const;

function Notifications() {
  const { desktop, sound } = useTelling();
  const [allowed, setAllowed] = useState(permission);
  const blocked = allowed === 'denied' || allowed === 'unsupported';
  const onDesktop = (wanted: boolean) => {
    if (wanted) void askForDesktop().then(setAllowed);
    else setTelling({ desktop: false });
  };
  return (
    <section aria-label="Notifications">
      <h3>Notifications in this browser</h3>
      <Switch
        label="Desktop notifications"
        text={blocked ? BLOCKED[allowed] : 'While you are at another page or program. Not from muted conversations, unless you are mentioned.'}
        checked={desktop && allowed === 'granted'}
        disabled={blocked}
        onChange={onDesktop}
      />
      <Switch label="Sound" text="Two soft notes, by the same rules." checked={sound} onChange={(on) => setTelling({ sound: on })} />
      {sound && (
        <Button kind="quiet" onClick={() => void chime()}>
          <Volume2 size={16} strokeWidth={1.75} aria-hidden="true" />
          Hear it
        </Button>
      )}
    </section>
  );
}

function Looks() {
  const theme = useTheme();
  return (
    <section>
      <fieldset className="segments">
        <legend>Theme</legend>
        {THEMES.map(({ value, label, icon: Icon }) => (
          <label key={value} className="segment">
            <input type="radio" name="theme" className="visually-hidden" checked={theme === value} onChange={() => setTheme(value)} />
            <Icon size={16} strokeWidth={1.75} aria-hidden="true" />
            {label}
          </label>
        ))}
      </fieldset>
    </section>
  );
}
