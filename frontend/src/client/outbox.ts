/**
 * Sends what waits in the outbox: per conversation one at a time and in order, under the same `clientId` until the
 * server says stored or refused. What waits for its files lets later messages pass. The state of each message is in the
 * store; here are only the timers.
 */

import { backoffMs } from './backoff';
import type { Desk } from './desk';
import { isUnknownOutcome, toMessagingError, type MessagingError } from './errors';
import type { Outgoing } from './model';
import { isComplete, missingUploads } from './outgoing';
import { parseOutbox, type OutboxStorage } from './outboxStorage';
import { Timer } from './timer';
import { NO_UPLOADS, type UploadSource } from './uploadSource';
import type { SendMessageCommand } from './wire';

const NOTHING: readonly Outgoing[] = [];
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;
/** So often a "later, please" is taken for an answer before the person is told. */
const MAX_ATTEMPTS = 6;

export class OutboxSender {
  private readonly notBefore = new Map<string, number>();
  private readonly again = new Timer(() => {
    this.pump();
  });
  private readonly unsubscribe: () => void;
  private uploads: UploadSource = NO_UPLOADS;
  private leaveUploads: () => void = () => undefined;
  /** What the storage holds; null before it was read, and until then it is not written. */
  private saved: readonly Outgoing[] | null = null;
  private closed = false;

  constructor(
    private readonly desk: Desk,
    private readonly storage: OutboxStorage | null,
    private readonly retryMs = RETRY_MS,
  ) {
    this.unsubscribe = desk.store.subscribe(() => {
      this.save();
    });
  }

  close(): void {
    this.closed = true;
    this.unsubscribe();
    this.leaveUploads();
    this.again.close();
  }

  /** Who carries the files that messages wait for. */
  follow(uploads: UploadSource): void {
    this.leaveUploads();
    this.uploads = uploads;
    this.leaveUploads = uploads.list.subscribe(() => {
      this.takeUploads();
    });
    this.takeUploads();
  }

  /** Take back what an earlier page of this person left unsent. Call once, when it is known who that is. */
  restore(userId: string): void {
    const text = this.storage?.getItem(storageKey(userId)) ?? null;
    this.saved = NOTHING;
    if (text !== null) this.desk.dispatch({ type: 'outbox_restored', outbox: parseOutbox(text) });
    this.save();
    this.pump();
  }

  /** The connection is back: what waited for a retry need not wait longer. */
  onReady(): void {
    this.notBefore.clear();
    this.pump();
  }

  pump(): void {
    if (this.closed) return;
    this.takeUploads();
    if (!this.desk.connection.online) return;
    const now = Date.now();
    const due = firstWaiting(this.desk.store.get().outbox);
    for (const outgoing of due) {
      if ((this.notBefore.get(outgoing.clientId) ?? 0) <= now) void this.send(outgoing);
    }
    this.scheduleNext(due, now);
  }

  private scheduleNext(due: readonly Outgoing[], now: number): void {
    const times = due.map((outgoing) => this.notBefore.get(outgoing.clientId) ?? 0).filter((time) => time > now);
    if (times.length > 0) this.again.set(Math.min(...times) - now);
  }

  private async send(outgoing: Outgoing): Promise<void> {
    const { clientId, attempts } = outgoing;
    this.desk.dispatch({ type: 'sending', clientId });
    try {
      const { message } = await this.desk.connection.command('send_message', commandOf(outgoing));
      this.notBefore.delete(clientId);
      if (!this.closed) this.desk.dispatch({ type: 'confirmed', clientId, message });
      this.uploads.release(outgoing.attachments.flatMap(({ uploadId }) => uploadId ?? []));
    } catch (error) {
      if (!this.closed) this.onFailure(clientId, attempts, toMessagingError(error));
    }
    this.pump();
  }

  private onFailure(clientId: string, attempts: number, error: MessagingError): void {
    if (isUnknownOutcome(error) || error.code.startsWith('auth_') || (error.retryable && attempts + 1 < MAX_ATTEMPTS)) {
      this.notBefore.set(clientId, Date.now() + (error.retryAfterMs ?? backoffMs(attempts, this.retryMs, RETRY_MAX_MS)));
      this.desk.dispatch({ type: 'unanswered', clientId });
      return;
    }
    this.notBefore.delete(clientId);
    this.desk.dispatch({ type: 'failed', clientId, error: { code: error.code, message: error.message } });
  }

  /** Give messages the files that came to the server meanwhile, and fail those whose files never will. */
  private takeUploads(): void {
    const missing = new Set(this.desk.store.get().outbox.filter(({ status }) => status === 'waiting').flatMap(missingUploads));
    if (missing.size === 0) return;
    const uploads = new Map(this.uploads.list.get().map((upload) => [upload.id, upload]));
    for (const uploadId of missing) {
      const upload = uploads.get(uploadId);
      if (upload?.attachment) this.desk.dispatch({ type: 'upload_ready', uploadId, attachment: upload.attachment });
      else if (upload === undefined || upload.status === 'cancelled') this.desk.dispatch({ type: 'upload_failed', uploadId, error: LOST_FILE });
      else if (upload.status === 'failed') this.desk.dispatch({ type: 'upload_failed', uploadId, error: upload.error ?? LOST_FILE });
    }
    if (this.desk.connection.online && this.desk.store.get().outbox.some((out) => out.status === 'waiting' && isComplete(out))) queueMicrotask(() => this.pump());
  }

  private save(): void {
    const { me, outbox } = this.desk.store.get();
    if (me === null || this.storage === null || this.saved === null || outbox === this.saved) return;
    this.saved = outbox;
    try {
      if (outbox.length === 0) this.storage.removeItem(storageKey(me));
      else this.storage.setItem(storageKey(me), JSON.stringify(outbox));
    } catch {
      // A full or forbidden storage costs only what a reload would lose.
    }
  }
}

const LOST_FILE = { code: 'file_lost', message: 'A file of this message is no longer here: add it again.' };

/** What is left out needs not be understood. What is forwarded brings its content and its files by itself. */
function commandOf({ clientId, conversationId, content, replyTo, mentions, attachments, forwardOf }: Outgoing): SendMessageCommand {
  const common = { clientId, conversationId, ...(replyTo && { replyTo: replyTo.messageId }), ...(mentions.length > 0 && { mentions: [...mentions] }) };
  if (forwardOf !== null) return { ...common, forwardOf };
  const ids = attachments.flatMap(({ attachment }) => attachment?.id ?? []);
  return { ...common, content, ...(ids.length > 0 && { attachments: ids }) };
}

/** Of each conversation the first that waits, unless one of it is on its way. Failed ones block nobody. */
function firstWaiting(outbox: readonly Outgoing[]): Outgoing[] {
  const busy = new Set(outbox.filter((out) => out.status === 'sending').map((out) => out.conversationId));
  return outbox.filter((outgoing) => {
    if (outgoing.status !== 'waiting' || !isComplete(outgoing) || busy.has(outgoing.conversationId)) return false;
    busy.add(outgoing.conversationId);
    return true;
  });
}

function storageKey(userId: string): string {
  return `stockent.outbox.${userId}`;
}
