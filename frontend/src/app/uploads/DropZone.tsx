/**
 * A part of the page onto which files are dropped. While they are over it a veil lies on it and takes all further drag
 * events, so that leaving is told once and by one element. Files that miss it open nothing in the browser.
 */

import { Paperclip } from 'lucide-react';
import { useEffect, useEffectEvent, useState, type ComponentProps, type DragEvent } from 'react';

import { notice } from '../parts/toasts';
import { droppedFiles, hasFiles } from './files';

interface Props extends ComponentProps<'div'> {
  as?: 'div' | 'main';
  onFiles: (files: File[]) => void;
  /** Nothing can be attached here now. */
  disabled?: boolean;
}

export function DropZone({ as: Zone = 'div', onFiles, disabled = false, className = '', children, ...rest }: Props) {
  const [over, setOver] = useState(false);
  useMissedFiles(() => setOver(false));
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const files = droppedFiles(event.dataTransfer);
    if (files.length > 0) onFiles(files);
    else notice('Folders cannot be attached', 'Pack what is in it into one file first.');
  };
  return (
    // Dropping is one way of several: the paper clip does the same by key.
    <Zone
      {...rest}
      className={`drop-zone ${className}`}
      onDragEnter={(event) => {
        if (!disabled && hasFiles(event.dataTransfer)) setOver(true);
      }}
    >
      {children}
      {over && !disabled && (
        // eslint-disable-next-line jsx-a11y/no-static-element-interactions
        <div
          className="drop-veil"
          onDragOver={(event) => {
            event.preventDefault();
            event.stopPropagation();
            event.dataTransfer.dropEffect = 'copy';
          }}
          onDragLeave={() => setOver(false)}
          onDrop={onDrop}
        >
          <p>
            <Paperclip size={20} strokeWidth={1.75} aria-hidden="true" />
            Drop to attach
          </p>
        </div>
      )}
    </Zone>
  );
}

/** Without this the browser would leave the page for a file that is dropped beside the zone. */
function useMissedFiles(onMissed: () => void): void {
  const missed = useEffectEvent(onMissed);
  useEffect(() => {
    const refuse = (event: globalThis.DragEvent) => {
      if (event.defaultPrevented || !hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'none';
      if (event.type === 'drop') missed();
    };
    window.addEventListener('dragover', refuse);
    window.addEventListener('drop', refuse);
    return () => {
      window.removeEventListener('dragover', refuse);
      window.removeEventListener('drop', refuse);
    };
  }, []);
}
