/** Everything that can be done with a message, by mouse, key, or a finger that rests on it. */

import { Copy, CornerUpLeft, Forward, Link2, MoreHorizontal, Pencil, SmilePlus, Trash2, Users } from 'lucide-react';
import { useState, type RefObject } from 'react';

import type { Message } from '../../client';
import { copyMessage, copyText } from '../copy';
import { frequentEmoji, noteEmoji } from '../emoji/used';
import { IconButton } from '../parts/Button';
import { Menu, MenuItem, MenuLine, MenuSign, MenuSigns } from '../parts/Menu';
import { conversationPath } from '../router';
import { useActions } from './actions';

const AT_HAND = 6;

interface Props {
  message: Message;
  me: string | null;
  /** Others may have read it. */
  group: boolean;
  open: boolean;
  onOpenChange: (open: boolean) => void;
  /** Where the emoji picker is shown. */
  anchor: RefObject<HTMLElement | null>;
  tabIndex: number;
}

export function MessageMenu({ message, me, group, open, onOpenChange, anchor, tabIndex }: Props) {
  const actions = useActions();
  const own = message.sender.id === me;
  const link = location.origin + conversationPath(message.conversationId, message.seq);
  return (
    <Menu
      label="Message"
      align={own ? 'end' : 'start'}
      open={open}
      onOpenChange={onOpenChange}
      trigger={<IconButton icon={MoreHorizontal} label="Message actions" className="bubble-tool bubble-more" tabIndex={tabIndex} />}
      returnFocus={actions.leave}
    >
      <Signs
        message={message}
        me={me}
        onAll={() => {
          if (anchor.current) actions.pick(message, anchor.current, 'all');
        }}
      />
      <MenuLine />
      {actions.canReply() && (
        <MenuItem icon={CornerUpLeft} hint="R" onSelect={() => actions.reply(message)}>
          Reply
        </MenuItem>
      )}
      <MenuItem icon={Forward} hint="F" onSelect={() => actions.forward(message)}>
        Forward
      </MenuItem>
      {message.content !== '' && (
        <MenuItem icon={Copy} onSelect={() => void copyMessage(message.content, 'Text copied')}>
          Copy text
        </MenuItem>
      )}
      <MenuItem icon={Link2} onSelect={() => void copyText(link, 'Link copied')}>
        Copy link
      </MenuItem>
      {own && group && (
        <MenuItem icon={Users} onSelect={() => actions.readers(message)}>
          Read by
        </MenuItem>
      )}
      {actions.canEdit(message) && (
        <MenuItem icon={Pencil} hint="E" onSelect={() => actions.edit(message)}>
          Edit
        </MenuItem>
      )}
      {actions.canDelete(message) && (
        <>
          <MenuLine />
          <MenuItem icon={Trash2} hint="Del" danger onSelect={() => actions.remove(message)}>
            Delete for everyone
          </MenuItem>
        </>
      )}
    </Menu>
  );
}

function Signs({ message, me, onAll }: { message: Message; me: string | null; onAll: () => void }) {
  const actions = useActions();
  // They keep their places while one looks at them.
  const [emoji] = useState(() => frequentEmoji(AT_HAND));
  const given = (one: string) => message.reactions.some((reaction) => reaction.emoji === one && reaction.users.some(({ id }) => id === me));
  return (
    <MenuSigns label="React">
      {emoji.map((one) => (
        <MenuSign
          key={one}
          label={`React with ${one}`}
          checked={given(one)}
          onSelect={() => {
            if (!given(one)) noteEmoji(one);
            actions.react(message, one);
          }}
        >
          {one}
        </MenuSign>
      ))}
      <MenuSign label="More emoji" checked={false} onSelect={onAll}>
        <SmilePlus size={18} strokeWidth={1.75} aria-hidden="true" />
      </MenuSign>
    </MenuSigns>
  );
}
