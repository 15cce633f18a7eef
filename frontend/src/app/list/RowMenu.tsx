/** What can be done with a conversation of the list, where it was asked for: at its row or at the pointer. */

import { Filter, LogOut, Trash2 } from 'lucide-react';
import { useState } from 'react';

import { conversationName, type Conversation, type Subject } from '../../client';
import { useClientState, useMe } from '../../react';
import { DeleteConfirm, LeaveConfirm } from '../groups/EndDialogs';
import { Menu, MenuItem, MenuLine } from '../parts/Menu';
import { KeepItems } from './KeepItems';
import { MuteDialog } from './MuteDialog';

export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface Asked {
  conversationId: string;
  place: Place;
}

type Then = 'mute' | 'leave' | 'delete';

interface Props {
  asked: Asked | null;
  onClose: () => void;
  onSubject: (subject: Subject) => void;
  returnFocus: (conversationId: string) => void;
}

/** One for the whole list. It outlives the menu: what was chosen may open a window. */
export function RowMenu({ asked, onClose, onSubject, returnFocus }: Props) {
  const me = useMe();
  const [then, setThen] = useState<{ what: Then; id: string } | null>(null);
  const conversation = useClientState((state) => (asked === null ? undefined : state.conversations[asked.conversationId]));
  const chosen = useClientState((state) => (then === null ? undefined : state.conversations[then.id]));
  const end = () => setThen(null);
  return (
    <>
      {asked !== null && conversation !== undefined && (
        <Menu
          key={asked.conversationId}
          label={`Conversation with ${conversationName(conversation, me)}`}
          align="start"
          open
          onOpenChange={(open) => {
            if (!open) onClose();
          }}
          returnFocus={() => {
            if (document.activeElement === null || document.activeElement === document.body) returnFocus(asked.conversationId);
          }}
          trigger={<span className="menu-anchor" style={{ ...asked.place }} aria-hidden="true" />}
        >
          <Items conversation={conversation} onThen={(what) => setThen({ what, id: conversation.id })} onSubject={onSubject} />
        </Menu>
      )}
      {then?.what === 'mute' && chosen && <MuteDialog conversation={chosen} onClose={end} />}
      {then?.what === 'leave' && chosen && <LeaveConfirm conversation={chosen} onClose={end} />}
      {then?.what === 'delete' && chosen && <DeleteConfirm conversation={chosen} onClose={end} />}
    </>
  );
}

interface ItemsProps {
  conversation: Conversation;
  onThen: (then: Then) => void;
  onSubject: (subject: Subject) => void;
}

function Items({ conversation, onThen, onSubject }: ItemsProps) {
  const { subject } = conversation;
  return (
    <>
      <KeepItems conversation={conversation} onMute={() => onThen('mute')} />
      {subject && (
        <MenuItem icon={Filter} onSelect={() => onSubject(subject)}>
          Show all about {subject.title}
        </MenuItem>
      )}
      <MenuLine />
      {conversation.kind === 'GROUP' && (
        <MenuItem icon={LogOut} onSelect={() => onThen('leave')}>
          Leave group
        </MenuItem>
      )}
      <MenuItem icon={Trash2} danger onSelect={() => onThen('delete')}>
        Delete conversation
      </MenuItem>
    </>
  );
}
