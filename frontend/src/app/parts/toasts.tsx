/** Short notices in a corner. They leave by themselves, not while the pointer or the focus is on them. */

import { X } from 'lucide-react';
import { useEffect, useRef, useSyncExternalStore, type ReactNode } from 'react';

import { newClientId, Subscribable } from '../../client';
import { Button, IconButton } from './Button';

interface Toast {
  id: string;
  /** A newer one of the same kind takes the place of the older. */
  about: string;
  picture: ReactNode;
  title: string;
  text: string;
  onOpen: (() => void) | null;
  /** What can still be done about it, such as undoing it. */
  action?: { label: string; act: () => void } | undefined;
}

const LAST_MS = 6_000;
const AT_MOST = 3;
const shown = new Subscribable<readonly Toast[]>([]);

export function toast(next: Omit<Toast, 'id'>): void {
  const others = shown.get().filter((other) => other.about !== next.about);
  shown.set([...others, { ...next, id: newClientId() }].slice(-AT_MOST));
}

/** One line about something that was done, or could not be. */
export function notice(title: string, text = '', action?: Toast['action']): void {
  toast({ about: 'notice', picture: null, title, text, onOpen: null, action });
}

export function dismissToasts(about: string): void {
  shown.set(shown.get().filter((other) => other.about !== about));
}

function dismiss(id: string): void {
  shown.set(shown.get().filter((other) => other.id !== id));
}

export function Toasts() {
  const toasts = useSyncExternalStore(shown.subscribe, shown.get);
  return (
    <section className="toasts" aria-label="Notifications">
      {toasts.map((item) => (
        <ToastCard key={item.id} toast={item} />
      ))}
    </section>
  );
}

function ToastCard({ toast: { id, picture, title, text, onOpen, action } }: { toast: Toast }) {
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const leaveLater = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => dismiss(id), LAST_MS);
  };
  const stay = () => clearTimeout(timer.current);
  useEffect(() => {
    timer.current = setTimeout(() => dismiss(id), LAST_MS);
    return () => clearTimeout(timer.current);
  }, [id]);
  const words = (
    <>
      {picture}
      <span className="toast-words">
        <span className="toast-title">{title}</span>
        {text !== '' && (
          <span className="toast-text" dir="auto">
            {text}
          </span>
        )}
      </span>
    </>
  );
  return (
    // It only waits while somebody is at it; what can be done are the buttons in it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div className="toast" role="group" aria-label={title} onPointerEnter={stay} onPointerLeave={leaveLater} onFocus={stay} onBlur={leaveLater}>
      {onOpen ? (
        <button
          type="button"
          className="toast-open"
          onClick={() => {
            dismiss(id);
            onOpen();
          }}
        >
          {words}
        </button>
      ) : (
        <div className="toast-open">{words}</div>
      )}
      {action && (
        <Button
          kind="quiet"
          className="toast-action"
          onClick={() => {
            dismiss(id);
            action.act();
          }}
        >
          {action.label}
        </Button>
      )}
      <IconButton icon={X} label="Dismiss" onClick={() => dismiss(id)} />
    </div>
  );
}
