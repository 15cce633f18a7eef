/** The files of a message on its way, shown from this device: how far they are, and what stops them. */

import { useSyncExternalStore } from 'react';

import type { Outgoing, OutgoingFile, Upload } from '../../client';
import { useSocket } from '../../react';
import { FileCard } from '../media/FileCard';
import { ImageGrid, type Picture } from '../media/ImageGrid';
import { isPicture } from '../uploads/files';
import { LazyVoicePlayer } from '../voice/LazyVoice';
import { useFiles, useUploadList } from './FilesContext';
import { pictureOf } from './kinds';
import { localPath, type LocalFiles, type Size } from './local';
import { Voice } from './MessageFiles';
import { progressOf, uploadsOf } from './progress';

export function OutgoingFiles({ outgoing }: { outgoing: Outgoing }) {
  const { view, local } = useFiles();
  const list = useUploadList();
  const sizes = useSyncExternalStore(local.sizes.subscribe, local.sizes.get);
  if (outgoing.attachments.length === 0) return null;
  const uploads = uploadsOf(outgoing, list);
  const uploadOf = ({ uploadId }: OutgoingFile) => uploads.find(({ id }) => id === uploadId);
  const shown = outgoing.attachments.map((file) => ({ file, upload: uploadOf(file), picture: shownPicture(file, uploadOf(file), sizes) }));
  const pictures = shown.flatMap(({ picture }) => picture ?? []);
  return (
    <div className="files">
      <ImageGrid pictures={pictures} onOpen={(start) => view({ kind: 'pictures', pictures, start })} />
      {shown
        .filter(({ picture }) => picture === null)
        .map(({ file, upload }) => (
          <Other key={file.uploadId ?? file.attachment?.id} file={file} upload={upload} local={local} />
        ))}
    </div>
  );
}

/** Under the message: how far it is, and the way back. */
export function OutgoingProgress({ outgoing }: { outgoing: Outgoing }) {
  const client = useSocket();
  const uploads = uploadsOf(outgoing, useUploadList());
  const progress = outgoing.status === 'waiting' ? progressOf(uploads) : null;
  if (progress === null) return null;
  const percent = Math.round(progress.ratio * 100);
  return (
    <span className="files-progress">
      <span className="files-bar" role="progressbar" aria-label="Upload" aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
        <span style={{ width: `${percent}%` }} />
      </span>
      <span>{progress.words}</span>
      <button type="button" onClick={() => client.takeBack(outgoing.clientId)}>
        Cancel
      </button>
    </span>
  );
}

/** A message that cannot be sent as it is goes back to the composer, so that nothing of it is lost. */
export function TakeBack({ outgoing: { clientId, attachments } }: { outgoing: Outgoing }) {
  const client = useSocket();
  if (attachments.length === 0) return null;
  return (
    <button type="button" onClick={() => client.takeBack(clientId)}>
      Edit
    </button>
  );
}

function shownPicture({ attachment }: OutgoingFile, upload: Upload | undefined, sizes: ReadonlyMap<string, Size>): Picture | null {
  if (attachment !== null) return pictureOf(attachment);
  const size = upload && isPicture(upload.source) ? sizes.get(upload.id) : undefined;
  if (upload === undefined || size === undefined) return null;
  const path = localPath(upload.id);
  return { url: path, thumbnailUrl: path, name: upload.name, ...size };
}

function Other({ file, upload, local }: { file: OutgoingFile; upload: Upload | undefined; local: LocalFiles }) {
  const { attachment, name, sizeBytes, voice } = file;
  if (attachment?.kind === 'VOICE') return <Voice file={attachment} />;
  const spoken = upload && voice ? local.spokenIn(upload.id) : null;
  if (upload && spoken) return <LazyVoicePlayer id={upload.id} src={localPath(upload.id)} durationMs={spoken.durationMs} waveform={spoken.waveform} />;
  const refused = upload?.status === 'failed' ? upload.error?.message : undefined;
  return (
    <>
      <FileCard name={attachment?.name ?? name} type={attachment?.mediaType ?? upload?.source.type ?? ''} sizeBytes={sizeBytes} />
      {refused !== undefined && <p className="files-refused">{refused}</p>}
    </>
  );
}
