/** Start a conversation: with one person and a first message, or with several as a group. */

import { useState } from 'react';

import { Dialog } from '../parts/Dialog';
import { StartDirect } from './StartDirect';
import { StartGroup } from './StartGroup';

const KINDS = [
  { kind: 'direct', label: 'One person' },
  { kind: 'group', label: 'Group' },
] as const;

export function StartDialog({ onClose }: { onClose: () => void }) {
  const [kind, setKind] = useState<'direct' | 'group'>('direct');
  return (
    <Dialog title="New conversation" onClose={onClose}>
      <fieldset className="segments start-kinds">
        <legend className="visually-hidden">With</legend>
        {KINDS.map(({ kind: value, label }) => (
          <label key={value} className="segment">
            <input type="radio" name="kind" className="visually-hidden" checked={kind === value} onChange={() => setKind(value)} />
            {label}
          </label>
        ))}
      </fieldset>
      {kind === 'direct' ? <StartDirect onClose={onClose} /> : <StartGroup onClose={onClose} />}
    </Dialog>
  );
}
