/**
 * What is uploaded, as plain immutable values, and the events that change it. `reduce` is pure and total: progress never
 * goes backwards, a final status stays, and a cancel wins over everything but an upload that is ready.
 */

import type { Attachment } from '../wire';

export type UploadStatus = 'waiting' | 'uploading' | 'processing' | 'ready' | 'failed' | 'cancelled';

/** `retryable`: the same file may be accepted later. */
export interface UploadError {
  code: string;
  message: string;
  retryable: boolean;
}

/** `processing`: every byte has left, the server looks at them. `error` says also why it waits, if it does. */
export interface Upload {
  id: string;
  /** Whose message it is for. */
  conversationId: string;
  source: Blob;
  name: string;
  sizeBytes: number;
  voice: boolean;
  /** A message that is sent waits for it: it is no longer among those for the next one. */
  claimed: boolean;
  status: UploadStatus;
  /** From 0 to 1. */
  progress: number;
  attachment: Attachment | null;
  error: UploadError | null;
}

export type UploadEvent =
  | { type: 'added'; upload: Upload }
  | { type: 'started'; id: string }
  | { type: 'advanced'; id: string; bytes: number }
  | { type: 'paused'; id: string; error: UploadError | null }
  | { type: 'ready'; id: string; attachment: Attachment }
  | { type: 'failed'; id: string; error: UploadError }
  | { type: 'retried'; id: string }
  | { type: 'cancelled'; id: string }
  | { type: 'claimed'; id: string; claimed: boolean }
  | { type: 'removed'; id: string };

export type UploadList = readonly Upload[];

export function reduce(list: UploadList, event: UploadEvent): UploadList {
  if (event.type === 'added') return list.some(({ id }) => id === event.upload.id) ? list : [...list, event.upload];
  if (event.type === 'removed') return list.some(({ id }) => id === event.id) ? list.filter(({ id }) => id !== event.id) : list;
  const before = list.find(({ id }) => id === event.id);
  if (before === undefined) return list;
  const after = changed(before, event);
  return after === before ? list : list.map((upload) => (upload === before ? after : upload));
}

function changed(upload: Upload, event: Exclude<UploadEvent, { type: 'added' | 'removed' }>): Upload {
  if (event.type === 'claimed') return upload.claimed === event.claimed ? upload : { ...upload, claimed: event.claimed };
  if (isFinal(upload)) return upload;
  const moving = upload.status === 'uploading' || upload.status === 'processing';
  switch (event.type) {
    case 'started':
      return upload.status === 'waiting' ? { ...upload, status: 'uploading', error: null } : upload;
    case 'advanced':
      return moving ? advanced(upload, event.bytes) : upload;
    case 'paused':
      return moving || upload.status === 'waiting' ? { ...upload, status: 'waiting', error: event.error } : upload;
    case 'ready':
      return moving ? { ...upload, status: 'ready', progress: 1, attachment: event.attachment, error: null } : upload;
    case 'failed':
      return upload.status === 'failed' ? upload : { ...upload, status: 'failed', error: event.error };
    case 'retried':
      return upload.status === 'failed' || upload.status === 'waiting' ? { ...upload, status: 'waiting', error: null } : upload;
    case 'cancelled':
      return { ...upload, status: 'cancelled', error: null };
  }
}

function advanced(upload: Upload, bytes: number): Upload {
  const progress = Math.max(upload.progress, Math.min(1, bytes / upload.sizeBytes));
  const status = bytes >= upload.sizeBytes ? 'processing' : 'uploading';
  return progress === upload.progress && status === upload.status ? upload : { ...upload, progress, status };
}

/** Nothing changes it any more, except that it is removed. */
export function isFinal({ status, error }: Upload): boolean {
  return status === 'ready' || status === 'cancelled' || (status === 'failed' && error?.retryable === false);
}

/** Those for the next message in a conversation, without voice messages, which go alone, and without what was cancelled. */
export function uploadsFor(list: UploadList, conversationId: string): Upload[] {
  return list.filter((upload) => upload.conversationId === conversationId && !upload.voice && !upload.claimed && upload.status !== 'cancelled');
}
