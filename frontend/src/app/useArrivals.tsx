/** Tells of messages that come while one is not looking at their conversation. */

import { useEffect } from 'react';

import { personName, type Message } from '../client';
import { useMe, useSocket } from '../react';
import { announce } from './parts/announcer';
import { Avatar } from './parts/Avatar';
import { dismissToasts, toast } from './parts/toasts';
import { openConversation } from './router';
import { plainText } from './text/plainText';
import { systemWords } from './thread/words';

export function useArrivals(openId: string | null): void {
  const client = useSocket();
  const me = useMe();
  useEffect(
    () =>
      client.listen('new_message_notification', ({ conversation, message }) => {
        if (conversation.id !== openId && message.type !== 'SYSTEM') tell(message, conversation.subject?.title ?? null);
      }),
    [client, openId],
  );
  useEffect(
    () =>
      client.listen('message_received', (message) => {
        if (message.sender.id !== me) announce(message.type === 'SYSTEM' ? systemWords(message, me) : `${personName(message.sender)}: ${plainText(message.content)}`);
      }),
    [client, me],
  );
  useEffect(() => {
    if (openId !== null) dismissToasts(openId);
  }, [openId]);
}

function tell({ conversationId, sender, content }: Message, subject: string | null): void {
  const name = personName(sender);
  const text = plainText(content);
  announce(`New message from ${name}: ${text}`);
  toast({
    about: conversationId,
    picture: <Avatar id={sender.id} name={name} url={sender.avatarUrl} size="s" />,
    title: subject === null ? name : `${name} · ${subject}`,
    text,
    onOpen: () => openConversation(conversationId),
  });
}
