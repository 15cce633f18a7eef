/** The list of keys. */

import { Dialog } from './parts/Dialog';
import { IS_APPLE } from './viewport';

const CONTROL = IS_APPLE ? '⌘' : 'Ctrl';

const GROUPS: readonly { title: string; keys: readonly [string[], string][] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [['/'], 'Search'],
      [[CONTROL, 'K'], 'Search, also while writing'],
      [['C'], 'New conversation'],
      [['?'], 'This list'],
      [['Esc'], 'Back to the list, or end the search'],
    ],
  },
  {
    title: 'In the list and among what was found',
    keys: [
      [['↑', '↓'], 'Move'],
      [['Enter'], 'Open'],
      [['.'], 'Pin, mute, archive and more'],
    ],
  },
  {
    title: 'Writing',
    keys: [
      [['Enter'], 'Send'],
      [['Shift', 'Enter'], 'New line'],
      [['↑'], 'Edit your last message'],
      [['Esc'], 'Cancel an edit or a reply'],
      [['@'], 'Mention somebody, in a group'],
    ],
  },
  {
    title: 'At a message',
    keys: [
      [['↑', '↓'], 'Move between messages'],
      [['Enter'], 'What can be done with it'],
      [['R'], 'Reply'],
      [['+'], 'React'],
      [['F'], 'Forward'],
      [['E'], 'Edit'],
      [['Del'], 'Delete for everyone'],
      [['Esc'], 'Back to writing'],
    ],
  },
  {
    title: 'Formatting',
    keys: [
      [[CONTROL, 'B'], 'Bold'],
      [[CONTROL, 'I'], 'Italic'],
      [[CONTROL, 'Shift', 'X'], 'Strikethrough'],
      [[CONTROL, 'E'], 'Code'],
    ],
  },
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <div className="shortcuts">
        {GROUPS.map(({ title, keys }) => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {keys.map(([names, what]) => (
                <div key={what}>
                  <dt>{what}</dt>
                  <dd>
                    {names.map((name) => (
                      <kbd key={name}>{name}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
