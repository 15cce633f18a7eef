/** Every file of a conversation, newest first, by kind: pictures to look at, files to open, recordings to hear. */

import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

import { toMessagingError, type AttachmentKind, type SharedFile } from '../../client';
import { useMe, useSocket } from '../../react';
import { fullTimeOf, shortWhen } from '../format';
import { useMinute } from '../list/useMinute';
import { pictureName, Thumbnail } from '../media/ImageGrid';
import { Button } from '../parts/Button';
import { conversationPath, openConversation } from '../router';
import { useFiles } from './FilesContext';
import { pictureOf } from './kinds';
import { AnyFile, Voice } from './MessageFiles';

const TABS: readonly { kind: AttachmentKind; label: string; none: string }[] = [
  { kind: 'IMAGE', label: 'Photos', none: 'No photos yet.' },
  { kind: 'FILE', label: 'Files', none: 'No files yet.' },
  { kind: 'VOICE', label: 'Voice', none: 'No voice messages yet.' },
];
const PAGE = 24;

export function SharedFiles({ conversationId }: { conversationId: string }) {
  const [kind, setKind] = useState<AttachmentKind>('IMAGE');
  const none = TABS.find((tab) => tab.kind === kind)?.none ?? '';
  return (
    <section className="details-part" aria-label="Shared files">
      <h2 className="details-heading">Shared files</h2>
      <div className="shared-tabs" role="tablist" aria-label="Kind of file">
        {TABS.map((tab) => (
          <button
            key={tab.kind}
            type="button"
            role="tab"
            id={`shared-${tab.kind}`}
            className="shared-tab"
            aria-selected={tab.kind === kind}
            aria-controls="shared-panel"
            onClick={() => setKind(tab.kind)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id="shared-panel" role="tabpanel" aria-labelledby={`shared-${kind}`}>
        <Panel conversationId={conversationId} kind={kind} none={none} />
      </div>
    </section>
  );
}

function Panel({ conversationId, kind, none }: { conversationId: string; kind: AttachmentKind; none: string }) {
  const shared = useShared(conversationId, kind);
  if (shared.isPending) return <p className="shared-note late">Loading…</p>;
  if (shared.isError) {
    return (
      <div className="shared-note" role="alert">
        <p>{toMessagingError(shared.error).message}</p>
        <Button onClick={() => void shared.refetch()}>Try again</Button>
      </div>
    );
  }
  const files = shared.data.pages.flatMap(({ items }) => items);
  if (files.length === 0) return <p className="shared-note">{none}</p>;
  return (
    <>
      {kind === 'IMAGE' ? <Pictures files={files} /> : <Listed files={files} conversationId={conversationId} />}
      {shared.hasNextPage && (
        <Button kind="quiet" className="shared-more" disabled={shared.isFetchingNextPage} onClick={() => void shared.fetchNextPage()}>
          Show more
        </Button>
      )}
    </>
  );
}

/** Asked again when something in the conversation may have brought or taken files. */
function useShared(conversationId: string, kind: AttachmentKind) {
  const client = useSocket();
  const queries = useQueryClient();
  const me = useMe();
  useEffect(() => {
    const again = () => void queries.invalidateQueries({ queryKey: ['shared', me, conversationId] });
    const leave = [
      client.listen('message_received', (message) => {
        if (message.conversationId === conversationId && message.attachments.length > 0) again();
      }),
      client.listen('message_deleted', (deletion) => {
        if (deletion.conversationId === conversationId) again();
      }),
    ];
    return () => leave.forEach((stop) => stop());
  }, [client, queries, me, conversationId]);
  return useInfiniteQuery({
    queryKey: ['shared', me, conversationId, kind],
    queryFn: ({ pageParam, signal }) => client.api.files(conversationId, { kind, cursor: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
}

function Pictures({ files }: { files: readonly SharedFile[] }) {
  const { view } = useFiles();
  const pictures = files.flatMap(({ attachment }) => pictureOf(attachment) ?? []);
  return (
    <div className="shared-pictures">
      {pictures.map((picture, index) => (
        <button key={picture.url} type="button" className="image-cell" aria-label={pictureName(picture, index, pictures.length)} onClick={() => view({ kind: 'pictures', pictures, start: index })}>
          <Thumbnail picture={picture} />
        </button>
      ))}
    </div>
  );
}

function Listed({ files, conversationId }: { files: readonly SharedFile[]; conversationId: string }) {
  return (
    <ul className="shared-list">
      {files.map((file) => (
        <li key={`${file.messageId} ${file.attachment.id}`}>
          {file.attachment.kind === 'VOICE' ? <Voice file={file.attachment} /> : <AnyFile file={file.attachment} />}
          <From file={file} conversationId={conversationId} />
        </li>
      ))}
    </ul>
  );
}

function From({ file: { sender, seq, createdAt }, conversationId }: { file: SharedFile; conversationId: string }) {
  const me = useMe();
  const now = useMinute();
  return (
    <p className="shared-from">
      <a
        href={conversationPath(conversationId, seq)}
        title="Show in the conversation"
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          openConversation(conversationId, seq);
        }}
      >
        {sender.id === me ? 'You' : (sender.name ?? sender.id)}
      </a>
      <time dateTime={createdAt} title={fullTimeOf(createdAt)}>
        {shortWhen(createdAt, now)}
      </time>
    </p>
  );
}
