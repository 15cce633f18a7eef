/** A whole PDF over the page. */

import { X } from 'lucide-react';
import { useRef } from 'react';

import { IconButton } from '../parts/Button';
import { useModal } from '../parts/useModal';
import { DownloadLink } from './DownloadLink';
import { safeName } from './files';
import { LazyPdfPreview } from './LazyPdfPreview';
import type { PdfPreviewProps } from './PdfPreview';

interface Props extends Pick<PdfPreviewProps, 'url' | 'name' | 'open'> {
  onClose: () => void;
}

export function PdfDialog({ url, name, open, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useModal(dialog);
  const safe = safeName(name);
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      aria-label={safe}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="lightbox-head">
        <p className="lightbox-name">
          <bdi>{safe}</bdi>
        </p>
        <DownloadLink path={url} name={safe} label="Download" />
        <IconButton icon={X} label="Close" hint="Esc" data-first-focus onClick={onClose} />
      </header>
      {/* Focusable, so that the keys scroll it. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="pdf-scroll" role="region" aria-label="Pages" tabIndex={0}>
        <LazyPdfPreview url={url} name={safe} open={open} />
      </div>
    </dialog>
  );
}
