/**
 * Sends what waits in the outbox: per conversation one at a time and in order, under the same `clientId` until the
 * server says stored or refused, and not before it is kept. What waits for its files lets later messages pass; what
 * another tab sends is left to it. The state of each message is in the store; here are only the timers.
 */

import { backoffMs } from '../backoff';
import type { Desk } from '../desk';
import { isUnknownOutcome, toMessagingError, type MessagingError } from '../errors';
import type { Outgoing } from '../model';
import { isComplete, missingUploads } from '../outgoing';
import { Timer } from '../timer';
import { NO_UPLOADS, type UploadSource } from '../uploadSource';
import type { SendMessageCommand } from '../wire';

const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;
/** So often a "later, please" is taken for an answer before the person is told. Too much at a time is no failure. */
const MAX_ATTEMPTS = 6;
const TOO_MUCH = 'rate_limited';

export class OutboxSender {
  private readonly notBefore = new Map<string, number>();
  private readonly again = new Timer(() => {
    this.pump();
  });
  /** Nothing is sent before: the server counts all of a person's messages together. */
  private pausedUntil = 0;
  private uploads: UploadSource = NO_UPLOADS;
  private leaveUploads: () => void = () => undefined;
  private closed = false;

  constructor(
    private readonly desk: Desk,
    /** Settles when a message is kept; null where there is nothing to wait for. */
    private readonly saved: (clientId: string) => Promise<void> | null,
    private readonly retryMs = RETRY_MS,
  ) {}

  close(): void {
    this.closed = true;
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
      const saving = this.saved(outgoing.clientId);
      if (saving !== null) void saving.then(() => this.pump());
      else if (this.dueAt(outgoing) <= now) void this.send(outgoing);
    }
    const times = due.map((outgoing) => this.dueAt(outgoing)).filter((time) => time > now);
    if (times.length > 0) this.again.set(Math.min(...times) - now);
  }

  private dueAt({ clientId }: Outgoing): number {
    return Math.max(this.pausedUntil, this.notBefore.get(clientId) ?? 0);
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
    const { code, message, retryable, retryAfterMs } = error;
    const unknown = isUnknownOutcome(error);
    if (unknown || code === TOO_MUCH || code.startsWith('auth_') || (retryable && attempts + 1 < MAX_ATTEMPTS)) {
      const until = Date.now() + (retryAfterMs ?? backoffMs(attempts, this.retryMs, RETRY_MAX_MS));
      if (code === TOO_MUCH) this.pausedUntil = until;
      else this.notBefore.set(clientId, until);
      this.desk.dispatch({ type: 'unanswered', clientId, error: unknown ? null : { code, message } });
      return;
    }
    this.notBefore.delete(clientId);
    this.desk.dispatch({ type: 'failed', clientId, error: { code, message } });
  }

  /** Give messages the files that came to the server meanwhile, and fail those whose files never will. */
  private takeUploads(): void {
    const missing = new Set(this.desk.store.get().outbox.filter(isWaitingHere).flatMap(missingUploads));
    if (missing.size === 0) return;
    const uploads = new Map(this.uploads.list.get().map((upload) => [upload.id, upload]));
    for (const uploadId of missing) {
      const upload = uploads.get(uploadId);
      if (upload?.attachment) this.desk.dispatch({ type: 'upload_ready', uploadId, attachment: upload.attachment });
      else if (upload === undefined || upload.status === 'cancelled') this.desk.dispatch({ type: 'upload_failed', uploadId, error: LOST_FILE });
      else if (upload.status === 'failed') this.desk.dispatch({ type: 'upload_failed', uploadId, error: upload.error ?? LOST_FILE });
    }
    if (this.desk.connection.online && this.desk.store.get().outbox.some((out) => isWaitingHere(out) && isComplete(out))) queueMicrotask(() => this.pump());
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
  const busy = new Set(outbox.filter((out) => out.status === 'sending' && out.tab === null).map((out) => out.conversationId));
  return outbox.filter((outgoing) => {
    if (!isWaitingHere(outgoing) || !isComplete(outgoing) || busy.has(outgoing.conversationId)) return false;
    busy.add(outgoing.conversationId);
    return true;
  });
}

function isWaitingHere({ status, tab }: Outgoing): boolean {
  return status === 'waiting' && tab === null;
}
