/** Files of one message or of a place that shows several: pictures together, recordings to listen to, cards for the rest. */

import type { ReadyFile } from '../../client';
import { FileCard } from '../media/FileCard';
import { ImageGrid } from '../media/ImageGrid';
import { LazyVoicePlayer } from '../voice/LazyVoice';
import { useFiles } from './FilesContext';
import { sorted } from './kinds';

const NO_WAVEFORM: readonly number[] = [];

/** What a message shows of the files that the server has. A deleted one has none. */
export function MessageFiles({ attachments }: { attachments: readonly ReadyFile[] }) {
  const { view } = useFiles();
  if (attachments.length === 0) return null;
  const { pictures, voices, files } = sorted(attachments);
  return (
    <div className="files">
      <ImageGrid pictures={pictures} onOpen={(start) => view({ kind: 'pictures', pictures, start })} />
      {voices.map((voice) => (
        <Voice key={voice.id} file={voice} />
      ))}
      {files.map((file) => (
        <AnyFile key={file.id} file={file} />
      ))}
    </div>
  );
}

export function Voice({ file: { id, url, durationMs, waveform } }: { file: ReadyFile }) {
  return <LazyVoicePlayer id={id} src={url} durationMs={durationMs ?? 0} waveform={waveform ?? NO_WAVEFORM} />;
}

/** A document is previewed where that is possible, everything can be downloaded. */
export function AnyFile({ file: { name, mediaType, sizeBytes, url } }: { file: ReadyFile }) {
  const { view } = useFiles();
  const preview = mediaType === 'application/pdf' ? { onPreview: () => view({ kind: 'pdf', url, name }) } : {};
  return <FileCard name={name} type={mediaType} sizeBytes={sizeBytes} url={url} {...preview} />;
}
