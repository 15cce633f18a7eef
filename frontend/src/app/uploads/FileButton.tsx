/** The paper clip: opens the system's choice of files, several at once. */

import { Paperclip } from 'lucide-react';
import { useRef } from 'react';

import { IconButton } from '../parts/Button';

interface Props {
  onFiles: (files: File[]) => void;
  disabled?: boolean;
}

export function FileButton({ onFiles, disabled = false }: Props) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon={Paperclip} label="Attach files" className="file-button" disabled={disabled} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label="Files to attach"
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          // Else the same file could not be chosen again.
          event.target.value = '';
          if (files.length > 0) onFiles(files);
        }}
      />
    </>
  );
}
