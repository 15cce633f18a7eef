/** Every text that a message had, the present one first. */

import { useQuery } from '@tanstack/react-query';

import { toMessagingError, type Message } from '../../client';
import { useSocket } from '../../react';
import { fullTimeOf } from '../format';
import { Button } from '../parts/Button';
import { Dialog } from '../parts/Dialog';
import type { Mention } from '../text/ast';
import { MessageText } from '../text/MessageText';

interface Props {
  message: Message;
  people: readonly Mention[];
  onClose: () => void;
}

export function HistoryDialog({ message: { conversationId, id, updatedSeq }, people, onClose }: Props) {
  const client = useSocket();
  const { data, error, refetch } = useQuery({
    queryKey: ['versions', id, updatedSeq],
    queryFn: ({ signal }) => client.messageHistory(conversationId, id, signal),
    retry: false,
  });
  return (
    <Dialog title="Edits of this message" onClose={onClose}>
      {error !== null && (
        <div className="versions-failed" role="alert">
          <p>{toMessagingError(error).message}</p>
          <Button onClick={() => void refetch()}>Try again</Button>
        </div>
      )}
      {data === undefined && error === null && <p className="versions-wait">Loading…</p>}
      <ol className="versions">
        {data?.toReversed().map(({ content, at }, index) => (
          <li key={at}>
            <p className="versions-when">
              <strong>{index === 0 ? 'Now' : index === data.length - 1 ? 'First' : 'Before'}</strong> <time dateTime={at}>{fullTimeOf(at)}</time>
            </p>
            <MessageText text={content} mentions={people} />
          </li>
        ))}
      </ol>
    </Dialog>
  );
}
