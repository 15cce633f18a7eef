/** Tells of messages that come while one is not looking at their conversation. */

import { useEffect } from 'react';

import { personName, type Message } from '../client';
import { useMe, useSocket } from '../react';
import { messageInWords } from './files/words';
import { announce } from './parts/announcer';
import { Avatar } from './parts/Avatar';
import { dismissToasts, toast } from './parts/toasts';
import { openConversation } from './router';

export function useArrivals(openId: string | null): void {
  const client = useSocket();
  const me = useMe();
  useEffect(
    () =>
      client.listen('new_message_notification', ({ conversation, message }) => {
        if (conversation.id !== openId) tell(message, conversation.subject?.title ?? null);
      }),
    [client, openId],
  );
  useEffect(
    () =>
      client.listen('message_received', (message) => {
        if (message.sender.id !== me) announce(`${personName(message.sender)}: ${messageInWords(message)}`);
      }),
    [client, me],
  );
  useEffect(() => {
    if (openId !== null) dismissToasts(openId);
  }, [openId]);
}

function tell(message: Message, subject: string | null): void {
  const { conversationId, sender } = message;
  const name = personName(sender);
  const text = messageInWords(message);
  announce(`New message from ${name}: ${text}`);
  toast({
    about: conversationId,
    picture: <Avatar id={sender.id} name={name} url={sender.avatarUrl} size="s" />,
    title: subject === null ? name : `${name} · ${subject}`,
    text,
    onOpen: () => openConversation(conversationId),
  });
}
