/** The paper clip: opens the system's choice of files, several at once. With a finger it first asks where from. */

import { Camera, File, Image, Paperclip } from 'lucide-react';
import { useRef } from 'react';

import { IconButton } from '../parts/Button';
import { Menu, MenuItem } from '../parts/Menu';
import { TOUCH, useMedia } from '../viewport';

interface Props {
  onFiles: (files: File[]) => void;
  disabled?: boolean;
}

type Where = 'files' | 'pictures' | 'camera';

export function FileButton({ onFiles, disabled = false }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const touch = useMedia(TOUCH);
  const choose = (where: Where) => {
    const element = input.current;
    if (element === null) return;
    element.accept = where === 'files' ? '' : where === 'camera' ? 'image/*' : 'image/*,video/*';
    element.toggleAttribute('capture', where === 'camera');
    element.click();
  };
  const button = <IconButton icon={Paperclip} label="Attach files" className="file-button" disabled={disabled} {...(!touch && { onClick: () => choose('files') })} />;
  return (
    <>
      {touch ? (
        <Menu label="Attach" align="start" trigger={button}>
          <MenuItem icon={Camera} onSelect={() => choose('camera')}>
            Take a photo
          </MenuItem>
          <MenuItem icon={Image} onSelect={() => choose('pictures')}>
            Photos and videos
          </MenuItem>
          <MenuItem icon={File} onSelect={() => choose('files')}>
            Files
          </MenuItem>
        </Menu>
      ) : (
        button
      )}
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
