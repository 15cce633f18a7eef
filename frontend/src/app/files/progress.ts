/** How far files on their way are. Pure. */

import type { Outgoing, Upload, UploadList } from '../../client';

export interface Progress {
  /** From 0 to 1, by bytes. */
  ratio: number;
  words: string;
}

export function uploadsOf({ attachments }: Outgoing, list: UploadList): Upload[] {
  const ids = new Set(attachments.map(({ uploadId }) => uploadId));
  return list.filter(({ id }) => ids.has(id));
}

/** Of a message, all together; null where nothing of it is on its way. */
export function progressOf(uploads: readonly Upload[]): Progress | null {
  const busy = uploads.filter(({ status }) => status === 'waiting' || status === 'uploading' || status === 'processing');
  if (busy.length === 0) return null;
  const bytes = uploads.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const ratio = bytes === 0 ? 0 : uploads.reduce((sum, { sizeBytes, progress }) => sum + sizeBytes * progress, 0) / bytes;
  return { ratio, words: wordsOf(busy, ratio) };
}

/** Not with a message at the server yet. What was refused or given up is no loss. */
export function isUnsent({ status, error }: Upload): boolean {
  return status !== 'cancelled' && (status !== 'failed' || error?.retryable === true);
}

function wordsOf(busy: readonly Upload[], ratio: number): string {
  const stopped = busy.find(({ error }) => error !== null)?.error;
  if (stopped) return `${stopped.message} It goes on by itself.`;
  if (busy.every(({ status }) => status === 'processing')) return 'Checking…';
  return `Uploading, ${Math.round(ratio * 100)} %`;
}
