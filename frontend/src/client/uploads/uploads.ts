/**
 * Every upload of one person: a few at once, each carried on by itself after whatever the network does, until the server
 * has taken the file, has refused it for good, or the person has cancelled. The owner must call `close`.
 */

import { backoffMs } from '../backoff';
import { newClientId } from '../clientId';
import { isAuthError, NO_ANSWER, toMessagingError, type MessagingError } from '../errors';
import type { Http } from '../http';
import { Subscribable } from '../store';
import { Timer } from '../timer';
import type { KeptFile } from '../uploadSource';
import { DEFAULT_LIMITS, fileName, refusalOf, sentence, type UploadLimits } from './limits';
import { isFinal, reduce, uploadsFor, type Upload, type UploadError, type UploadEvent, type UploadList } from './model';
import { browserNetwork, type Network } from './network';
import { Transfer, type Way } from './transfer';
import { bodyCarrier } from './xhr';

export interface UploadsOptions {
  http: Pick<Http, 'request'>;
  /** Asked at each file, since the server tells its own only when the socket is ready. */
  limits?: () => UploadLimits;
  carrier?: Way['carrier'];
  network?: Network;
  timing?: { stallMs?: number; retryMs?: number; retryMaxMs?: number; fullRetryMs?: number };
}

export interface AddOptions {
  /** Whose message it is for: the files of one message are counted together. */
  conversationId?: string;
  name?: string;
  voice?: boolean;
}

export const MAX_AT_ONCE = 3;
/** So often without a byte more at the server, then the person is told. */
export const MAX_ATTEMPTS = 8;
const STALL_MS = 45_000;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 20_000;
/** A full disk is not emptied in a second. */
const FULL_RETRY_MS = 10_000;
const STORAGE_FULL = 507;

const OFFLINE: UploadError = { code: 'offline', message: 'There is no connection.', retryable: true };

interface Job {
  transfer: Transfer;
  running: { abort: AbortController; done: Promise<void> } | null;
  again: Timer;
  attempts: number;
  acknowledged: number;
}

export class Uploads {
  readonly list = new Subscribable<UploadList>([]);
  private readonly way: Way;
  private readonly network: Network;
  private readonly leaveNetwork: () => void;
  private readonly jobs = new Map<string, Job>();
  private closed = false;

  constructor(private readonly options: UploadsOptions) {
    this.way = { http: options.http, carrier: options.carrier ?? bodyCarrier(), stallMs: options.timing?.stallMs ?? STALL_MS };
    this.network = options.network ?? browserNetwork();
    this.leaveNetwork = this.network.subscribe(() => {
      this.onNetwork();
    });
  }

  get limits(): UploadLimits {
    return this.options.limits?.() ?? DEFAULT_LIMITS;
  }

  /** Returns the upload's id. A file that the limits refuse is in the list too, failed with its reason. */
  add(source: Blob, { conversationId = '', name, voice = false }: AddOptions = {}): string {
    const id = newClientId();
    const called = fileName(name ?? (source instanceof File ? source.name : ''));
    const file = { name: called, sizeBytes: source.size, voice };
    const error = refusalOf(file, this.count(conversationId), this.limits);
    const upload: Upload = { ...file, id, conversationId, source, claimed: false, status: error ? 'failed' : 'waiting', progress: 0, attachment: null, error };
    this.tell({ type: 'added', upload });
    if (error === null) this.jobs.set(id, this.jobOf(upload));
    this.pump();
    return id;
  }

  /** As many of them as the message still holds. */
  addAll(sources: readonly Blob[], options: Omit<AddOptions, 'name' | 'voice'> = {}): { ids: string[]; leftOut: number } {
    const room = Math.max(0, this.limits.maxFiles - this.count(options.conversationId ?? ''));
    const ids = sources.slice(0, room).map((source) => this.add(source, options));
    return { ids, leftOut: sources.length - ids.length };
  }

  /** Files of messages that an earlier page was to send: the same ids, so the server says where to go on. */
  restore(files: readonly KeptFile[]): void {
    for (const { uploadId: id, ...file } of files) {
      if (this.get(id) !== undefined) continue;
      const upload: Upload = { ...file, id, claimed: true, status: 'waiting', progress: 0, attachment: null, error: null };
      this.tell({ type: 'added', upload });
      this.jobs.set(id, this.jobOf(upload));
    }
    this.pump();
  }

  /** Stop it and have the server forget it. It stays in the list, cancelled, until it is removed. */
  cancel(id: string): void {
    const upload = this.get(id);
    if (!upload || isFinal(upload)) return;
    this.tell({ type: 'cancelled', id });
    this.drop(id, { withdraw: true });
    this.pump();
  }

  /** Take it away, here and at the server, whatever it is. */
  remove(id: string): void {
    const upload = this.get(id);
    this.tell({ type: 'removed', id });
    // Of what it refused the server has kept nothing.
    this.drop(id, { withdraw: upload === undefined || !isRefused(upload) });
    this.pump();
  }

  /** A message is to carry them, or is not any more. */
  claim(ids: readonly string[], claimed: boolean): void {
    for (const id of ids) this.tell({ type: 'claimed', id, claimed });
  }

  /** They belong to a message now: forget them here, leave them at the server. */
  release(ids: readonly string[]): void {
    for (const id of ids) {
      this.tell({ type: 'removed', id });
      this.drop(id, { withdraw: false });
    }
  }

  /** Now, and with as many attempts as at first. */
  retry(id: string): void {
    const job = this.jobs.get(id);
    if (!job || job.running) return;
    this.afresh(job);
    this.tell({ type: 'retried', id });
    this.pump();
  }

  /** The upload as it is when it is over, or waits for the person; undefined once it is removed. */
  settled(id: string): Promise<Upload | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const upload = this.get(id);
        if (upload && !isFinal(upload) && upload.status !== 'failed') return;
        leave();
        resolve(upload);
      };
      const leave = this.list.subscribe(look);
      look();
    });
  }

  close(): void {
    this.leaveNetwork();
    this.release(this.list.get().map(({ id }) => id));
    this.closed = true;
  }

  private get(id: string): Upload | undefined {
    return this.list.get().find((upload) => upload.id === id);
  }

  private count(conversationId: string): number {
    return uploadsFor(this.list.get(), conversationId).filter((upload) => !isRefused(upload)).length;
  }

  private jobOf(upload: Upload): Job {
    return {
      transfer: new Transfer(upload, this.way, (event) => {
        this.tell(event);
      }),
      running: null,
      again: new Timer(() => {
        this.tell({ type: 'retried', id: upload.id });
        this.pump();
      }),
      attempts: 0,
      acknowledged: 0,
    };
  }

  private pump(): void {
    if (this.closed) return;
    const waiting = this.list.get().filter(({ status }) => status === 'waiting');
    for (const { id, error } of waiting) {
      const job = this.jobs.get(id);
      if (!job || job.running || job.again.pending) continue;
      if (this.network.online) this.start(id, job);
      else if (error === null) this.tell({ type: 'paused', id, error: OFFLINE });
    }
  }

  private start(id: string, job: Job): void {
    if ([...this.jobs.values()].filter(({ running }) => running !== null).length >= MAX_AT_ONCE) return;
    const abort = new AbortController();
    this.tell({ type: 'started', id });
    job.running = { abort, done: this.run(id, job, abort.signal) };
  }

  private async run(id: string, job: Job, signal: AbortSignal): Promise<void> {
    try {
      const attachment = await job.transfer.run(signal);
      this.tell({ type: 'ready', id, attachment });
    } catch (error) {
      if (!signal.aborted) this.onFailure(id, job, toMessagingError(error));
    }
    job.running = null;
    this.pump();
  }

  private onFailure(id: string, job: Job, error: MessagingError): void {
    const advanced = job.transfer.acknowledged > job.acknowledged;
    job.attempts = advanced ? 0 : job.attempts + 1;
    job.acknowledged = job.transfer.acknowledged;
    const told = { code: error.code, message: sentence(error.message), retryable: error.retryable || isAuthError(error) };
    const again = error.retryable && job.attempts < MAX_ATTEMPTS;
    if (again) job.again.set(this.waitMs(job.attempts, error));
    this.tell(again && error.status !== STORAGE_FULL ? { type: 'paused', id, error: told } : { type: 'failed', id, error: told });
  }

  private waitMs(attempts: number, { status, retryAfterMs }: MessagingError): number {
    const { retryMs = RETRY_MS, retryMaxMs = RETRY_MAX_MS, fullRetryMs = FULL_RETRY_MS } = this.options.timing ?? {};
    const firstMs = status === STORAGE_FULL ? fullRetryMs : retryMs;
    return retryAfterMs ?? backoffMs(attempts - 1, firstMs, Math.max(firstMs, retryMaxMs));
  }

  private onNetwork(): void {
    if (this.network.online) this.onBack();
    else this.onGone();
  }

  private onBack(): void {
    for (const { id, status, error } of this.list.get()) {
      const job = this.jobs.get(id);
      if (!job || job.running || (status !== 'waiting' && !isNetworkError(error))) continue;
      this.afresh(job);
      this.tell({ type: 'retried', id });
    }
    this.pump();
  }

  private onGone(): void {
    for (const [id, job] of this.jobs) {
      job.running?.abort.abort();
      job.again.cancel();
      if (this.get(id)?.status !== 'failed') this.tell({ type: 'paused', id, error: OFFLINE });
    }
  }

  private afresh(job: Job): void {
    job.again.cancel();
    job.attempts = 0;
  }

  private drop(id: string, { withdraw }: { withdraw: boolean }): void {
    const job = this.jobs.get(id);
    if (job === undefined) return;
    this.jobs.delete(id);
    job.again.close();
    job.running?.abort.abort();
    if (withdraw) void (job.running?.done ?? Promise.resolve()).then(() => job.transfer.withdraw());
  }

  private tell(event: UploadEvent): void {
    if (!this.closed) this.list.set(reduce(this.list.get(), event));
  }
}

/** An upload that is refused for good takes no room in a message. */
function isRefused(upload: Upload): boolean {
  return upload.status === 'failed' && isFinal(upload);
}

function isNetworkError(error: UploadError | null): boolean {
  return error !== null && error.code in NO_ANSWER;
}
