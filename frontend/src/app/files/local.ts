/**
 * What this page knows of files that are on their way: their bytes under `upload:<id>`, the size of a picture, the line
 * of a recording. Once a file is at the server its own bytes stand for it, so that nothing is fetched that was just sent.
 */

import { Subscribable, type Upload, type Uploads } from '../../client';
import type { FileSources } from '../media/sources';
import { isPicture } from '../uploads/files';
import type { Recording } from '../voice/recorder';

export interface Size {
  width: number;
  height: number;
}

export type Spoken = Pick<Recording, 'durationMs' | 'waveform'>;

export function localPath(uploadId: string): string {
  return `upload:${uploadId}`;
}

export class LocalFiles {
  /** By upload; pictures only, a moment after they were chosen. */
  readonly sizes = new Subscribable<ReadonlyMap<string, Size>>(new Map());
  private readonly spoken = new Map<string, Spoken>();
  private readonly known = new Map<string, { upload: Upload; letGo: () => void }>();

  constructor(
    private readonly uploads: Uploads,
    private readonly sources: FileSources,
  ) {}

  /** Until the returned function is called. */
  attach(): () => void {
    const leave = this.uploads.list.subscribe(() => this.look());
    this.look();
    return () => {
      leave();
      for (const id of [...this.known.keys()]) this.forget(id);
    };
  }

  /** What the recorder measured, until the server has. */
  tellOf(uploadId: string, { durationMs, waveform }: Spoken): void {
    this.spoken.set(uploadId, { durationMs, waveform });
  }

  spokenIn(uploadId: string): Spoken | null {
    return this.spoken.get(uploadId) ?? null;
  }

  private look(): void {
    const list = this.uploads.list.get();
    for (const upload of list) this.take(upload);
    const ids = new Set(list.map(({ id }) => id));
    for (const id of [...this.known.keys()]) if (!ids.has(id)) this.forget(id);
  }

  private take(upload: Upload): void {
    const before = this.known.get(upload.id)?.upload;
    if (before === undefined) this.begin(upload);
    else if (before.attachment === null && upload.attachment !== null) this.arrived(upload);
    const known = this.known.get(upload.id);
    if (known) known.upload = upload;
  }

  private begin(upload: Upload): void {
    const path = localPath(upload.id);
    if (isPicture(upload.source) || upload.voice) this.sources.seed(path, upload.source);
    this.known.set(upload.id, { upload, letGo: this.sources.hold(path) });
    if (isPicture(upload.source)) void this.measure(upload);
  }

  /** The server may have turned or cleaned a picture; shown here it is what was chosen. */
  private arrived({ attachment, source, voice }: Upload): void {
    if (attachment === null || (!isPicture(source) && !voice)) return;
    this.sources.seed(attachment.url, source);
    if (attachment.thumbnailUrl !== null) this.sources.seed(attachment.thumbnailUrl, source);
  }

  private async measure({ id }: Upload): Promise<void> {
    const image = new Image();
    image.src = this.sources.now(localPath(id)) ?? '';
    try {
      await image.decode();
    } catch {
      return;
    }
    if (!this.known.has(id)) return;
    const size = { width: image.naturalWidth, height: image.naturalHeight };
    this.sizes.set(new Map([...this.sizes.get(), [id, size]]));
  }

  private forget(id: string): void {
    this.known.get(id)?.letGo();
    this.known.delete(id);
    this.spoken.delete(id);
    this.sources.drop(localPath(id));
    if (!this.sizes.get().has(id)) return;
    const sizes = new Map(this.sizes.get());
    sizes.delete(id);
    this.sizes.set(sizes);
  }
}
