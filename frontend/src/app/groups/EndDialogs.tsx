/** Asking before one leaves a group or deletes a conversation, with what that means. */

import { isOwner, toMessagingError, type Conversation } from '../../client';
import { useMe, useSocket } from '../../react';
import { Confirm } from '../parts/Dialog';
import { notice } from '../parts/toasts';
import { leavingWords } from './leaving';

interface Props {
  conversation: Conversation;
  onClose: () => void;
}

export function LeaveConfirm({ conversation, onClose }: Props) {
  const client = useSocket();
  const me = useMe();
  const leave = () => {
    client.groups.leave(conversation.id).catch((error: unknown) => notice('You could not leave the group', toMessagingError(error).message));
  };
  return (
    <Confirm
      title="Leave this group?"
      text={leavingWords(conversation, me, isOwner(conversation, me))}
      action="Leave group"
      onClose={onClose}
      onConfirm={leave}
    />
  );
}

export function DeleteConfirm({ conversation, onClose }: Props) {
  const client = useSocket();
  const remove = () => {
    client.deleteConversation(conversation.id).catch((error: unknown) => {
      notice('The conversation could not be deleted', toMessagingError(error).message);
    });
  };
  return (
    <Confirm
      title="Delete this conversation?"
      text="It is deleted for everyone in it, with all its messages. This cannot be undone."
      action="Delete conversation"
      onClose={onClose}
      onConfirm={remove}
    />
  );
}
