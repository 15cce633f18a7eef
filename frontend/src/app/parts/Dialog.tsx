/** A modal window on the browser's own `dialog`: it keeps the focus inside, closes on Escape and gives the focus back. */

import { X } from 'lucide-react';
import { useId, useRef, type MouseEvent, type ReactNode } from 'react';

import { Button, IconButton } from './Button';
import { useModal } from './useModal';

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  size?: 's' | 'm';
  alert?: boolean;
}

export function Dialog({ title, onClose, children, size = 'm', alert = false }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useModal(ref);
  const closeOutside = (event: MouseEvent) => {
    if (event.target === ref.current) onClose();
  };
  return (
    // Escape and the close button do by key what the click beside the window does by mouse.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions, jsx-a11y/click-events-have-key-events
    <dialog
      ref={ref}
      className={`dialog dialog-${size}`}
      role={alert ? 'alertdialog' : 'dialog'}
      aria-labelledby={titleId}
      onClick={closeOutside}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className="dialog-body">
        <header className="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <IconButton icon={X} label="Close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
  onClose: () => void;
}

/** Ask before something that cannot be undone. */
export function Confirm({ title, text, action, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose} size="s" alert>
      <p className="dialog-text">{text}</p>
      <footer className="dialog-foot">
        <Button data-first-focus onClick={onClose}>
          Cancel
        </Button>
        <Button
          kind="danger"
          onClick={() => {
            onClose();
            onConfirm();
          }}
        >
          {action}
        </Button>
      </footer>
    </Dialog>
  );
}
