/** One file of a message: what it is, how large, and what can be done with it. */

import { Eye, File, FileArchive, FileCode, FileHeadphone, FileImage, FilePlay, FileSpreadsheet, FileText, FileType, Presentation, type LucideIcon } from 'lucide-react';

import { sizeText } from '../../client';
import { IconButton } from '../parts/Button';
import { DownloadLink } from './DownloadLink';
import { kindOf, safeName, splitName, type FileKind } from './files';

const ICONS: Record<FileKind, LucideIcon> = {
  pdf: FileText,
  image: FileImage,
  video: FilePlay,
  audio: FileHeadphone,
  sheet: FileSpreadsheet,
  slides: Presentation,
  text: FileType,
  document: FileText,
  archive: FileArchive,
  code: FileCode,
  other: File,
};

interface Props {
  name: string;
  /** The media type that the server found. */
  type: string;
  sizeBytes: number;
  /** Absent where there is nothing to download yet. */
  url?: string;
  /** Absent where there is no preview of such a file. */
  onPreview?: () => void;
}

export function FileCard({ name, type, sizeBytes, url, onPreview }: Props) {
  const { kind, words } = kindOf(type, name);
  const Icon = ICONS[kind];
  const safe = safeName(name);
  const { head, tail } = splitName(name);
  return (
    <div className="file-card" role="group" aria-label={safe}>
      <span className="file-icon" data-kind={kind}>
        <Icon size={20} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <span className="file-words">
        <span className="file-name" title={safe}>
          <bdi className="file-head">{head}</bdi>
          {tail !== '' && <bdi className="file-tail">{tail}</bdi>}
        </span>
        <span className="file-about">
          {words} · {sizeText(sizeBytes)}
        </span>
      </span>
      {onPreview && <IconButton icon={Eye} label={`Preview ${safe}`} title="Preview" onClick={onPreview} />}
      {url !== undefined && <DownloadLink path={url} name={safe} label={`Download ${safe}`} />}
    </div>
  );
}
