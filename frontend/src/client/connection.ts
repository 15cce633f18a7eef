/**
 * The socket: connecting with a fresh token, coming back after every loss, and commands with an answer in time.
 * It knows nothing of conversations; whoever owns it gets statuses and events, and must call `close`.
 */

import { io, type Socket } from 'socket.io-client';

import type { TokenSource } from './api';
import { backoffMs, jittered } from './backoff';
import { MessagingError } from './errors';
import type { ConnectionStatus } from './model';
import { Timer } from './timer';
import type { Commands, Failed, ServerDraining, ServerEvents } from './wire';

export interface ConnectionOptions {
  /** Origin of the server; the page's own where absent. */
  url?: string;
  token: TokenSource;
  /** Gets a new token when the old one is refused; null where there is none to be had. */
  refreshToken: () => Promise<string | null>;
  ackTimeoutMs?: number;
  reconnectDelayMs?: number;
  reconnectDelayMaxMs?: number;
}

export interface ConnectionListener {
  onStatus(status: ConnectionStatus, reason: string | null): void;
  onEvent<Name extends keyof ServerEvents>(name: Name, payload: ServerEvents[Name]): void;
}

const ACK_TIMEOUT_MS = 8_000;
/** A server says how long it will be away, or wants to be left alone; more than this is taken for a mistake. */
const LONGEST_ABSENCE_MS = 60_000;
/** A network that is back and a page that wakes come together, and one attempt is enough. */
const WAKE_SPACING_MS = 1_000;
const RECONNECT_DELAY_MS = 500;
const RECONNECT_DELAY_MAX_MS = 10_000;

/** Why there is no connection, where the server said so before. */
export const SERVER_STOPS = 'server_stops';

/** Absent outside browsers. */
const page = typeof window === 'undefined' ? null : window;

export class Connection {
  private readonly socket: Socket;
  private readonly ackTimeoutMs: number;
  private readonly delayMs: number;
  private readonly delayMaxMs: number;
  private readonly comeBack = new Timer(() => {
    this.socket.connect();
  });
  private attempts = 0;
  private authRefusals = 0;
  private triedAt = 0;
  private ready = false;
  /** Nobody is to speak here any more, until somebody signs in. */
  private ended = false;
  private closed = false;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly listener: ConnectionListener,
  ) {
    this.ackTimeoutMs = options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
    this.delayMs = options.reconnectDelayMs ?? RECONNECT_DELAY_MS;
    this.delayMaxMs = options.reconnectDelayMaxMs ?? RECONNECT_DELAY_MAX_MS;
    this.socket = this.makeSocket();
    this.listen();
  }

  /** True from the server's `ready` to the loss of the connection. */
  get online(): boolean {
    return this.ready && this.socket.connected;
  }

  open(): void {
    page?.addEventListener('online', this.onNetwork);
    page?.addEventListener('offline', this.onNoNetwork);
    this.listener.onStatus('connecting', null);
    this.socket.connect();
  }

  /** Try now, as after a new sign-in. */
  retry(): void {
    this.ended = false;
    this.authRefusals = 0;
    this.onNetwork();
  }

  /** The page woke up: it need not wait for its turn to come back. */
  wake(): void {
    if (!this.ended && !this.socket.connected && Date.now() - this.triedAt > WAKE_SPACING_MS) this.retry();
  }

  /** What is open is not to be trusted, as when nothing is answered after a sleep. */
  renew(): void {
    if (this.closed || this.ended) return;
    this.socket.disconnect();
    this.listener.onStatus('reconnecting', null);
    this.socket.connect();
  }

  /** Nothing is said under this sign-in any more. */
  end(reason: string): void {
    this.ended = true;
    this.ready = false;
    this.comeBack.cancel();
    this.socket.disconnect();
    this.listener.onStatus('refused', reason);
  }

  close(): void {
    this.closed = true;
    this.ready = false;
    page?.removeEventListener('online', this.onNetwork);
    page?.removeEventListener('offline', this.onNoNetwork);
    this.comeBack.close();
    this.socket.offAny();
    this.socket.disconnect();
  }

  /** Ask, and get the good ack. Raises `MessagingError`: the refusal, or that no answer came. */
  async command<Name extends keyof Commands>(name: Name, request: Commands[Name]['request']): Promise<Commands[Name]['ack']> {
    if (!this.socket.connected) throw MessagingError.noAnswer('offline');
    const ack = await this.answer<Commands[Name]['ack']>(name, request);
    if (!ack.ok) throw MessagingError.fromAck(ack.error);
    return ack;
  }

  private async answer<Ack>(name: string, request: unknown): Promise<Ack | Failed> {
    try {
      return (await this.socket.timeout(this.ackTimeoutMs).emitWithAck(name, request)) as Ack | Failed;
    } catch {
      throw MessagingError.noAnswer(this.socket.connected ? 'timeout' : 'network');
    }
  }

  private makeSocket(): Socket {
    const settings = {
      autoConnect: false,
      forceNew: true,
      transports: ['websocket', 'polling'],
      tryAllTransports: true,
      withCredentials: true,
      auth: (give: (auth: object) => void) => void this.credentials().then(give),
      reconnectionDelay: this.delayMs,
      reconnectionDelayMax: this.delayMaxMs,
      randomizationFactor: 0.5,
    };
    return this.options.url === undefined ? io(settings) : io(this.options.url, settings);
  }

  /** No connection state recovery, so that the server keeps nothing for it: what was missed comes by `resume`, however long it was. */
  private async credentials(): Promise<object> {
    const token = await Promise.resolve()
      .then(() => this.options.token())
      .catch(() => null);
    return { recovery: false, pid: undefined, offset: undefined, ...(token !== null && { token }) };
  }

  private listen(): void {
    this.socket.on('disconnect', (reason) => {
      this.onLost(reason);
    });
    this.socket.on('connect_error', (error) => {
      this.onError(error);
    });
    // What may follow the payload is for other clients.
    this.socket.onAny((name: string, payload: unknown) => {
      this.onEvent(name, payload);
    });
  }

  private onEvent(name: string, payload: unknown): void {
    if (name === 'ready') this.onReady();
    if (name === 'server_draining') this.onDraining(payload as Partial<ServerDraining> | null);
    this.listener.onEvent(name as keyof ServerEvents, payload as never);
  }

  private onReady(): void {
    this.ready = true;
    this.attempts = 0;
    this.authRefusals = 0;
    this.listener.onStatus('online', null);
  }

  private onLost(reason: string): void {
    this.ready = false;
    if (this.closed || this.ended) return;
    this.listener.onStatus(lostStatus(), reason);
    if (!this.socket.active && !this.comeBack.pending) this.comeBackLater();
  }

  /** `active` means that the transport failed and socket.io tries again by itself; else the server refused. */
  private onError(error: Error): void {
    if (this.closed) return;
    if (this.socket.active) {
      this.listener.onStatus(lostStatus(), error.message);
      return;
    }
    const code = codeOf(error);
    if (code?.startsWith('auth_')) void this.onAuthRefused(code);
    else this.comeBackLater(waitOf(error));
  }

  /** Once with a new token; if that is refused too, only a new sign-in helps. */
  private async onAuthRefused(code: string): Promise<void> {
    this.authRefusals += 1;
    const token = this.authRefusals > 1 ? null : await this.options.refreshToken().catch(() => null);
    if (this.closed) return;
    if (token === null) this.listener.onStatus('refused', code);
    else this.socket.connect();
  }

  private comeBackLater(leastMs = 0): void {
    this.listener.onStatus(lostStatus(), null);
    this.comeBack.set(Math.max(jittered(leastMs), backoffMs(this.attempts, this.delayMs, this.delayMaxMs)));
    this.attempts += 1;
  }

  /** The server stops soon: go at once, and come when the next one is expected, not all together. */
  private onDraining(told: Partial<ServerDraining> | null): void {
    this.comeBack.set(jittered(soundMs(told?.reconnectInMs) ?? this.delayMs));
    this.socket.disconnect();
    this.listener.onStatus('reconnecting', SERVER_STOPS);
  }

  private readonly onNetwork = (): void => {
    if (this.socket.connected || this.ended) return;
    this.comeBack.cancel();
    this.triedAt = Date.now();
    this.listener.onStatus('reconnecting', null);
    this.socket.disconnect().connect();
  };

  private readonly onNoNetwork = (): void => {
    this.listener.onStatus('offline', null);
  };
}

function lostStatus(): ConnectionStatus {
  return page !== null && !page.navigator.onLine ? 'offline' : 'reconnecting';
}

/** So long the server asks to be left alone. */
function waitOf(error: Error): number {
  return soundMs((error as { data?: { retryAfterMs?: unknown } }).data?.retryAfterMs) ?? 0;
}

function soundMs(told: unknown): number | null {
  return typeof told === 'number' && told >= 0 ? Math.min(told, LONGEST_ABSENCE_MS) : null;
}

function codeOf(error: Error): string | undefined {
  return (error as { data?: { code?: string } }).data?.code;
}
