/** Tells of messages that come while one is not looking at their conversation: how loudly is `loudnessOf`'s to say. */

import { useEffect } from 'react';

import { personName, type Conversation, type Message } from '../client';
import { useMe, useSocket } from '../react';
import { messageWords } from './list/lastLine';
import { announce } from './parts/announcer';
import { Avatar } from './parts/Avatar';
import { dismissToasts, toast } from './parts/toasts';
import { openConversation } from './router';
import { loudnessOf } from './settings/arrival';
import { tellDesktop } from './settings/notifications';

export function useArrivals(openId: string | null): void {
  const client = useSocket();
  const me = useMe();
  useEffect(() => {
    const arrive = (message: Message, conversation: Conversation) => tell(message, conversation, me, openId);
    const parts = [
      client.listen('new_message_notification', ({ message, conversation }) => arrive(message, conversation)),
      client.listen('message_received', (message) => {
        const conversation = client.store.get().conversations[message.conversationId];
        if (conversation) arrive(message, conversation);
      }),
    ];
    return () => {
      for (const part of parts) part();
    };
  }, [client, me, openId]);
  useEffect(() => {
    if (openId !== null) dismissToasts(openId);
  }, [openId]);
}

function tell(message: Message, conversation: Conversation, me: string | null, openId: string | null): void {
  const attentive = document.visibilityState === 'visible' && document.hasFocus();
  const loudness = loudnessOf(message, conversation, { me, openId, attentive, now: Date.now() });
  if (loudness === 'silent') return;
  const { sender } = message;
  const name = personName(sender);
  const text = messageWords(message, me, conversation.participants);
  const about = conversation.title ?? conversation.subject?.title ?? null;
  const title = about === null ? name : `${name} · ${about}`;
  const onOpen = () => openConversation(conversation.id);
  announce(conversation.id === openId ? `${name}: ${text}` : `New message from ${name}: ${text}`);
  if (loudness === 'desktop') tellDesktop({ id: message.id, about: conversation.id, title, text, onOpen });
  if (conversation.id === openId) return;
  toast({ about: conversation.id, picture: <Avatar id={sender.id} name={name} url={sender.avatarUrl} size="s" />, title, text, onOpen });
}
