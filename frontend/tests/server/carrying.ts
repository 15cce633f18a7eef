/** Stands in for the uploads, where a test decides what becomes of them. */

import { Subscribable, type CarriedFile, type KeptFile, type ReadyFile } from '../../src/client';

export const picture: ReadyFile = {
  id: 'f1',
  kind: 'IMAGE',
  name: 'olives.jpg',
  mediaType: 'image/jpeg',
  sizeBytes: 1_000,
  url: '/api/attachments/f1',
  width: 10,
  height: 10,
  durationMs: null,
  waveform: null,
  thumbnailUrl: null,
};

/** Whoever carries files, as far as the outbox knows of it. */
export class Carrying {
  readonly list = new Subscribable<readonly CarriedFile[]>([]);
  readonly released: string[] = [];
  readonly claimed = new Set<string>();
  readonly retried: string[] = [];
  readonly restored: KeptFile[] = [];

  add(fileId: string, source?: Blob): void {
    const bytes = source && { source, sizeBytes: source.size };
    this.list.set([...this.list.get(), { id: fileId, name: 'olives.jpg', sizeBytes: 1_000, voice: false, status: 'uploading', attachment: null, error: null, ...bytes }]);
  }

  change(fileId: string, change: Partial<CarriedFile>): void {
    this.list.set(this.list.get().map((file) => (file.id === fileId ? { ...file, ...change } : file)));
  }

  release(ids: readonly string[]): void {
    this.released.push(...ids);
  }

  claim(ids: readonly string[], claimed: boolean): void {
    for (const fileId of ids) {
      if (claimed) this.claimed.add(fileId);
      else this.claimed.delete(fileId);
    }
  }

  retry(fileId: string): void {
    this.retried.push(fileId);
    if (this.list.get().some((file) => file.id === fileId && file.status === 'failed')) this.change(fileId, { status: 'uploading', error: null });
  }

  remove(fileId: string): void {
    this.list.set(this.list.get().filter((file) => file.id !== fileId));
  }

  restore(files: readonly KeptFile[]): void {
    this.restored.push(...files);
    for (const { uploadId, source } of files) this.add(uploadId, source);
  }
}
