/** Above the first message: with whom, and about what. */

import { conversationName, type Conversation } from '../../client';

export function ThreadStart({ conversation, me }: { conversation: Conversation; me: string | null }) {
  return (
    <div className="thread-start">
      <p>
        The start of your conversation with <strong>{conversationName(conversation, me)}</strong>
        {conversation.subject && (
          <>
            {' '}
            about <strong>{conversation.subject.title}</strong>
          </>
        )}
        .
      </p>
    </div>
  );
}
