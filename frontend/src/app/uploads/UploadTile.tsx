import { File, FileArchive, FileAudio, FileImage, FileSpreadsheet, FileText, FileVideo, RotateCw, X, type LucideIcon } from 'lucide-react';
import { useCallback, useState } from 'react';

import { sizeText, type Upload } from '../../client';
import { IconButton } from '../parts/Button';
import { isPicture } from './files';

interface Props {
  upload: Upload;
  onRemove: () => void;
  onRetry: () => void;
}

export function UploadTile({ upload, onRemove, onRetry }: Props) {
  const { name, status, error } = upload;
  const [broken, setBroken] = useState(false);
  const busy = status === 'waiting' || status === 'uploading' || status === 'processing';
  const retryable = error?.retryable === true && (status === 'failed' || status === 'waiting');
  return (
    <li className="upload" data-status={status} data-bad={error !== null}>
      <span className="upload-picture">
        {isPicture(upload.source) && !broken ? <Picture source={upload.source} onBroken={() => setBroken(true)} /> : <Kind source={upload.source} name={name} />}
        {busy && <Ring upload={upload} />}
      </span>
      <span className="upload-words">
        <span className="upload-name" dir="auto" title={name}>
          {name}
        </span>
        <span className="upload-state">{stateText(upload)}</span>
      </span>
      {retryable && <IconButton icon={RotateCw} label={`Try ${name} again`} className="upload-retry" onClick={onRetry} />}
      <IconButton icon={X} label={busy ? `Cancel ${name}` : `Remove ${name}`} className="upload-remove" onClick={onRemove} />
    </li>
  );
}

function stateText({ status, sizeBytes, progress, error }: Upload): string {
  if (error !== null) return status === 'waiting' ? `${error.message} It goes on by itself.` : error.message;
  if (status === 'uploading') return `${Math.round(progress * 100)} % of ${sizeText(sizeBytes)}`;
  return status === 'processing' ? 'Checking…' : sizeText(sizeBytes);
}

/** Its address in memory lives as long as the picture. */
function Picture({ source, onBroken }: { source: Blob; onBroken: () => void }) {
  const show = useCallback(
    (image: HTMLImageElement | null) => {
      if (image === null) return undefined;
      const url = URL.createObjectURL(source);
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [source],
  );
  return <img ref={show} alt="" draggable={false} onError={onBroken} />;
}

const KINDS: [RegExp, LucideIcon][] = [
  [/^image\//, FileImage],
  [/^audio\//, FileAudio],
  [/^video\//, FileVideo],
  [/zip|tar|rar|7z|compressed/, FileArchive],
  [/spreadsheet|excel|csv/, FileSpreadsheet],
  [/^text\/|pdf|word|document/, FileText],
];

function Kind({ source, name }: { source: Blob; name: string }) {
  const [, Icon] = KINDS.find(([pattern]) => pattern.test(source.type)) ?? [null, File];
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 ? name.slice(dot + 1) : '';
  return (
    <span className="upload-kind" aria-hidden="true">
      <Icon size={20} strokeWidth={1.5} />
      {/^[a-z0-9]{1,4}$/i.test(ending) && <small>{ending}</small>}
    </span>
  );
}

const RADIUS = 12;
const AROUND = 2 * Math.PI * RADIUS;

function Ring({ upload: { name, progress, status } }: { upload: Upload }) {
  const percent = Math.round(progress * 100);
  return (
    <span className="upload-ring" role="progressbar" aria-label={`Uploading ${name}`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} data-turning={status !== 'uploading'}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="16" cy="16" r={RADIUS} />
        <circle cx="16" cy="16" r={RADIUS} className="upload-ring-done" strokeDasharray={AROUND} strokeDashoffset={AROUND * (1 - (status === 'uploading' ? progress : 0.25))} />
      </svg>
    </span>
  );
}
