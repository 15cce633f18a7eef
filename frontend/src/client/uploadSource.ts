/** The seam to whoever carries files to the server: what the outbox needs to know of it. */

import type { OutgoingFile, ReadyFile } from './model';

export interface CarriedFile {
  readonly id: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly voice: boolean;
  /** `waiting`, `uploading`, `processing`, `ready`, `failed` or `cancelled`. */
  readonly status: string;
  readonly attachment: ReadyFile | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The bytes, where this page has them. */
  readonly source?: Blob;
}

/** The bytes of an upload that has not come to the server yet, as they outlive the page. */
export interface KeptFile {
  uploadId: string;
  conversationId: string;
  name: string;
  voice: boolean;
  sizeBytes: number;
  source: Blob;
}

export interface UploadSource {
  readonly list: { get: () => readonly CarriedFile[]; subscribe: (listener: () => void) => () => void };
  /** These belong to a message now: they are forgotten here and stay at the server. */
  release: (ids: readonly string[]) => void;
  /** A message that is to be sent waits for them, or does not any more. */
  claim: (ids: readonly string[], claimed: boolean) => void;
  /** Try again now, if it failed and may be tried again. */
  retry: (id: string) => void;
  /** Nobody wants it any more. */
  remove: (id: string) => void;
  /** Go on with what an earlier page began, for messages that wait for it. */
  restore: (files: readonly KeptFile[]) => void;
}

export const NO_UPLOADS: UploadSource = {
  list: { get: () => [], subscribe: () => () => undefined },
  release: () => undefined,
  claim: () => undefined,
  retry: () => undefined,
  remove: () => undefined,
  restore: () => undefined,
};

/** What a message is to carry: what the server has, or the id of an upload. */
export type Carried = ReadyFile | string;

export function outgoingFile(carried: Carried, uploads: UploadSource): OutgoingFile {
  if (typeof carried !== 'string') return ofReady(carried, null);
  const upload = uploads.list.get().find(({ id }) => id === carried);
  if (upload?.attachment) return ofReady(upload.attachment, carried);
  return { uploadId: carried, attachment: null, name: upload?.name ?? '', sizeBytes: upload?.sizeBytes ?? 0, voice: upload?.voice ?? false };
}

function ofReady(attachment: ReadyFile, uploadId: string | null): OutgoingFile {
  const { name, sizeBytes, kind } = attachment;
  return { uploadId, attachment, name, sizeBytes, voice: kind === 'VOICE' };
}
