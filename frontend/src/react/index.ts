/** What a React application imports to have messaging. */

export { MessagingClient, MessagingError, type MessagingClientOptions } from '../client';
export type { Conversation, ConversationFilter, Draft, Extras, Message, Outgoing, Participant, Presence, Profile, SearchHit, SearchQuery, Subject, Typist } from '../client';
export { useConversation, useConversations, useUnread, type Conversations } from './hooks';
export { usePresence, useSettings, useTyping } from './people';
export { SocketContext, SocketProvider, useClientState, useConnection, useMe, useSocket } from './SocketContext';
export { useMessages, type Messages, type MessageVerbs } from './useMessages';
export { useDraft, useDrafts, useSearch, type DraftOf } from './writing';
