/**
 * One file on its way: told to the server under one `clientId`, then sent piece by piece from where the server says it
 * is. `run` may be aborted and called again at any time; it throws what stopped it and keeps what it learned.
 */

import { MessagingError } from '../errors';
import type { Carrier, Http } from '../http';
import type { Attachment } from '../wire';
import type { Upload, UploadEvent } from './model';

/** What the server says of an upload. */
export interface UploadState {
  id: string;
  offset: number;
  sizeBytes: number;
  ready: boolean;
  attachment: Attachment | null;
  maxChunkBytes: number;
}

export interface Way {
  http: Pick<Http, 'request'>;
  carrier: Carrier;
  /** So long may a piece be silent: nothing leaves, and no answer comes. */
  stallMs: number;
}

const UNREADABLE = 'This file can no longer be read. It may have been moved or changed: choose it again.';
const PATH = '/api/attachments';
const MAX_CHUNK_BYTES = 4 * 1024 * 1024;
const MIN_CHUNK_BYTES = 256 * 1024;
/** So often one run lets the server move it to another offset. */
const MAX_CORRECTIONS = 4;

export class Transfer {
  private serverId: string | null = null;
  private chunkBytes = MAX_CHUNK_BYTES;
  private furthest = 0;

  constructor(
    private readonly upload: Pick<Upload, 'id' | 'name' | 'sizeBytes' | 'voice' | 'source'>,
    private readonly way: Way,
    private readonly tell: (event: UploadEvent) => void,
  ) {}

  /** The most bytes that the server ever said it has. */
  get acknowledged(): number {
    return this.furthest;
  }

  async run(signal: AbortSignal): Promise<Attachment> {
    let state = await this.whereItIs(signal);
    for (let corrections = 0; state.attachment === null; ) {
      this.furthest = Math.max(this.furthest, state.offset);
      this.tell({ type: 'advanced', id: this.upload.id, bytes: state.offset });
      if (corrections > MAX_CORRECTIONS) throw later('offset_mismatch', 'The server does not say where to go on.');
      const next = await this.sendPiece(state, signal);
      if (next.offset <= state.offset) corrections += 1;
      state = next;
    }
    return state.attachment;
  }

  /** Have the server forget it. Failures do not matter: what is never sent is removed in time. */
  async withdraw(): Promise<void> {
    if (this.serverId === null) return;
    await this.way.http.request('DELETE', this.path()).catch(() => undefined);
  }

  /** The first time and after the server has forgotten it, it is told of anew; the same `clientId` is the same upload. */
  private async whereItIs(signal: AbortSignal): Promise<UploadState> {
    try {
      if (this.serverId !== null) return await this.ask('GET', this.path(), { signal });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    const { id: clientId, name, sizeBytes, voice } = this.upload;
    const state = await this.ask('POST', PATH, { signal, body: { clientId, name, sizeBytes, voice } });
    this.serverId = state.id;
    return state;
  }

  /** All is there and it is not ready: the answer to the last piece was lost. An empty piece has the server finish. */
  private async sendPiece({ offset, maxChunkBytes }: UploadState, signal: AbortSignal): Promise<UploadState> {
    const bytes = this.upload.source.slice(offset, offset + Math.min(this.chunkBytes, maxChunkBytes));
    try {
      const state = await this.ask('PATCH', this.path(), {
        signal,
        bytes,
        query: { offset },
        carrier: this.way.carrier,
        timeoutMs: this.way.stallMs,
        onSent: (sent) => this.tell({ type: 'advanced', id: this.upload.id, bytes: offset + Math.min(sent, bytes.size) }),
      });
      this.chunkBytes = Math.min(MAX_CHUNK_BYTES, this.chunkBytes * 2);
      return state;
    } catch (error) {
      const real = realOffset(error);
      if (real !== null) return this.at(real, maxChunkBytes);
      // A smaller piece loses less the next time.
      this.chunkBytes = Math.max(MIN_CHUNK_BYTES, this.chunkBytes / 2);
      if (!(await isReadable(bytes))) throw new MessagingError('unreadable', UNREADABLE, { retryable: false });
      throw isGone(error) ? later('gone', 'The server no longer has what was uploaded.') : error;
    }
  }

  private at(offset: number, maxChunkBytes: number): UploadState {
    return { id: this.serverId ?? '', offset, sizeBytes: this.upload.sizeBytes, ready: false, attachment: null, maxChunkBytes };
  }

  private ask(method: string, path: string, options: Parameters<Http['request']>[2]): Promise<UploadState> {
    return this.way.http.request<UploadState>(method, path, options);
  }

  private path(): string {
    return `${PATH}/${encodeURIComponent(this.serverId ?? '')}`;
  }
}

/** Browsers tell a file that is gone from the disk as they tell a lost network. */
async function isReadable(bytes: Blob): Promise<boolean> {
  try {
    await bytes.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

function later(code: string, message: string): MessagingError {
  return new MessagingError(code, message, { retryable: true });
}

function isGone(error: unknown): boolean {
  return error instanceof MessagingError && error.status === 404;
}

function realOffset(error: unknown): number | null {
  if (!(error instanceof MessagingError) || error.code !== 'offset_mismatch') return null;
  const { offset } = error.more;
  return typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0 ? offset : null;
}
