/** One class for every refusal and failure, whichever way the request went: HTTP, socket command or no network. */

import type { ErrorBody, Problem } from './wire';

export interface FieldError {
  field: string;
  message: string;
}

interface Details {
  retryable: boolean;
  status?: number;
  retryAfterMs?: number | null;
  fields?: FieldError[];
  more?: Readonly<Record<string, unknown>>;
}

/** Codes that the server never sends: no answer came, so whether it took effect is unknown. */
export const NO_ANSWER = { network: 'network', timeout: 'timeout', offline: 'offline' } as const;

/** `code` is the server's catalogue code, or one of `NO_ANSWER`. An answer with a code means that nothing was stored. */
export class MessagingError extends Error {
  readonly code: string;
  readonly retryable: boolean;
  readonly status: number | null;
  readonly retryAfterMs: number | null;
  readonly fields: readonly FieldError[];
  /** The whole problem as it came, for what a code says besides. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, details: Details) {
    super(message);
    this.name = 'MessagingError';
    this.code = code;
    this.retryable = details.retryable;
    this.status = details.status ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.fields = details.fields ?? [];
    this.more = details.more ?? {};
  }

  static fromAck(body: ErrorBody): MessagingError {
    return new MessagingError(body.code, body.message, {
      retryable: body.retryable,
      retryAfterMs: body.retryAfterMs ?? null,
    });
  }

  /** Reads problem+json; anything else, such as a proxy's page, becomes a failure named by its status. */
  static fromResponse(status: number, body: unknown, retryAfterMs: number | null): MessagingError {
    const problem = typeof body === 'object' && body !== null ? (body as Partial<Problem>) : {};
    return new MessagingError(problem.code ?? `http_${String(status)}`, problem.detail ?? problem.title ?? `The server answered ${String(status)}.`, {
      status,
      retryable: problem.retryable ?? (status >= 500 || status === 429),
      retryAfterMs,
      fields: problem.errors ?? [],
      more: { ...problem },
    });
  }

  static noAnswer(code: keyof typeof NO_ANSWER): MessagingError {
    return new MessagingError(code, NO_ANSWER_TEXTS[code], { retryable: true });
  }
}

const NO_ANSWER_TEXTS = {
  network: 'The server could not be reached.',
  timeout: 'The server did not answer in time.',
  offline: 'There is no connection.',
} as const;

/** True for failures after which nobody can say whether the request took effect. */
export function isUnknownOutcome(error: MessagingError): boolean {
  return error.code in NO_ANSWER;
}

export function isAuthError(error: unknown): boolean {
  return error instanceof MessagingError && (error.code.startsWith('auth_') || error.status === 401);
}

export function toMessagingError(error: unknown): MessagingError {
  if (error instanceof MessagingError) return error;
  return new MessagingError('internal', error instanceof Error ? error.message : String(error), { retryable: false });
}
