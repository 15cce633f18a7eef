/** The ways out of a group. */

import { LogOut, Trash2 } from 'lucide-react';
import { useState } from 'react';

import type { Conversation } from '../../client';
import { Act } from '../details/Keeping';
import { DeleteConfirm, LeaveConfirm } from './EndDialogs';

export function GroupEnd({ conversation }: { conversation: Conversation }) {
  const [asking, setAsking] = useState<'leave' | 'delete' | null>(null);
  const end = () => setAsking(null);
  return (
    <section className="details-part" aria-label="Leave or delete">
      <Act icon={LogOut} onClick={() => setAsking('leave')}>
        Leave group
      </Act>
      <Act icon={Trash2} danger onClick={() => setAsking('delete')}>
        Delete for everyone
      </Act>
      {asking === 'leave' && <LeaveConfirm conversation={conversation} onClose={end} />}
      {asking === 'delete' && <DeleteConfirm conversation={conversation} onClose={end} />}
    </section>
  );
}
