/** What an application gives: to the client once, and to each message. */

import type { TokenSource } from './api';
import type { DraftStorage } from './drafts';
import type { TabsOptions } from './outbox/tabs';
import type { Carried } from './uploadSource';
import type { Message, Quote } from './wire';

export interface MessagingClientOptions {
  /** Origin of the server; the page's own where absent. */
  url?: string;
  /** Who is signed in, if known: else asked of the server. */
  userId?: string;
  /** The token of now. Absent or null: the cookie speaks. */
  token?: TokenSource;
  /** Called shortly before expiry and after a refusal; resolves with a new token or null. */
  refreshToken?: () => Promise<string | null>;
  /** How the tabs of one person agree; as the browser can where absent. */
  tabs?: TabsOptions;
  /** The person signed out in another tab: nothing is sent any more. */
  onSignedOut?: () => void;
  /** Keeps drafts; the browser's `localStorage` where absent. */
  draftStorage?: DraftStorage | null;
  fetch?: typeof fetch;
  /** For tests and special networks. */
  timing?: {
    ackTimeoutMs?: number;
    reconnectDelayMs?: number;
    reconnectDelayMaxMs?: number;
    retryDelayMs?: number;
    undoMs?: number;
    deliverySpacingMs?: number;
    healEveryMs?: number;
  };
}

/** What a message may have besides its text. */
export interface Extras {
  replyTo?: Message | Quote | null;
  /** Ids of participants. */
  mentions?: readonly string[];
  /** What the server has, or ids of uploads: then the message waits for them. */
  attachments?: readonly Carried[];
}
