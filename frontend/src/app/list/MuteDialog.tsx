/** For how long one does not want to hear of a conversation. */

import type { Conversation } from '../../client';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import { MUTES } from './mutes';
import { useKeep } from './useKeep';

export function MuteDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const keep = useKeep(conversation);
  return (
    <Dialog title="Mute this conversation" onClose={onClose} size="s">
      <p className="dialog-text">No notifications and no counting, unless somebody mentions you.</p>
      <div className="mutes">
        {MUTES.map(({ label, until }, index) => (
          <Button
            key={label}
            {...(index === 0 && { 'data-first-focus': true })}
            onClick={() => {
              onClose();
              keep.mute(until(new Date()));
            }}
          >
            {label}
          </Button>
        ))}
      </div>
    </Dialog>
  );
}
