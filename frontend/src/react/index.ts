/** What a React application imports to have messaging. */

export { MessagingClient, MessagingError, type MessagingClientOptions } from '../client';
export type { Conversation, Message, Outgoing, Participant, Profile, Subject, Typist } from '../client';
export {
  useConversation,
  useConversations,
  useMessages,
  useTyping,
  useUnread,
  type Conversations,
  type Messages,
} from './hooks';
export { SocketContext, SocketProvider, useClientState, useConnection, useMe, useSocket } from './SocketContext';
