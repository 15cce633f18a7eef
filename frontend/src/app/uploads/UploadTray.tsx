/** What goes with the next message: each file with its picture or kind, how far it is, and what can be done with it. */

import { useEffect, useRef } from 'react';

import type { Upload, UploadStatus } from '../../client';
import { announce } from '../parts/announcer';
import { UploadTile } from './UploadTile';

interface Props {
  uploads: readonly Upload[];
  onRemove: (id: string) => void;
  onRetry: (id: string) => void;
  /** Gets the focus when the last one is gone. */
  onEmptied?: () => void;
}

export function UploadTray({ uploads, onRemove, onRetry, onEmptied }: Props) {
  const list = useRef<HTMLUListElement>(null);
  useTold(uploads);
  if (uploads.length === 0) return null;
  const remove = (index: number, id: string) => {
    const removers = [...(list.current?.querySelectorAll<HTMLButtonElement>('.upload-remove') ?? [])];
    const next = removers[index + 1] ?? removers[index - 1];
    onRemove(id);
    if (next) next.focus();
    else onEmptied?.();
  };
  return (
    <ul ref={list} className="upload-tray" aria-label="Files to send">
      {uploads.map((upload, index) => (
        <UploadTile key={upload.id} upload={upload} onRemove={() => remove(index, upload.id)} onRetry={() => onRetry(upload.id)} />
      ))}
    </ul>
  );
}

/** Those who hear the page are told what becomes of a file; what happens together is said together. */
function useTold(uploads: readonly Upload[]): void {
  const before = useRef<ReadonlyMap<string, UploadStatus> | null>(null);
  useEffect(() => {
    const known = before.current;
    before.current = new Map(uploads.map(({ id, status }) => [id, status]));
    // What is there when the tray appears is no news.
    if (known === null) return;
    const changed = uploads.filter(({ id, status }) => known.get(id) !== status);
    const ready = changed.filter(({ status }) => status === 'ready');
    const failed = changed.filter(({ status }) => status === 'failed');
    const words = [...(ready.length > 0 ? [readyText(ready)] : []), ...failed.map(({ name, error }) => `${name}: ${error?.message ?? ''}`)];
    if (words.length > 0) announce(words.join(' '));
  }, [uploads]);
}

function readyText(ready: readonly Upload[]): string {
  return ready.length === 1 ? `${ready[0]?.name ?? ''} is attached.` : `${ready.length} files are attached.`;
}
