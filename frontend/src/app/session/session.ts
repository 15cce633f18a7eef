/**
 * Who is signed in on this page. The cookie of the host platform, or in the demo a token that this tab keeps, so that
 * two tabs can be two people. Makes the client when it is known, and closes it when the session ends.
 */

import { Api, DEFAULT_LIMITS, MessagingClient, Subscribable, Uploads, type Profile, type UploadLimits } from '../../client';
import type { DemoPeople, DemoSession, WhoAmI } from '../../client';

export type Session =
  | { kind: 'checking' }
  | { kind: 'signedIn'; me: Profile; client: MessagingClient; uploads: Uploads; demo: boolean }
  | { kind: 'choosing'; people: Profile[] }
  | { kind: 'signedOut' }
  | { kind: 'unreachable'; reason: string };

const TOKEN_KEY = 'stockent.demo.token';
const UNAUTHORIZED = 401;

class SessionKeeper {
  readonly state = new Subscribable<Session>({ kind: 'checking' });
  readonly api = new Api({ token: () => this.token });
  private token = tabStorage()?.getItem(TOKEN_KEY) ?? null;

  /** Find out who is here. A link made by "open as" names a demo person. */
  async start(): Promise<void> {
    this.end({ kind: 'checking' });
    const asked = takeAskedPerson();
    try {
      if (asked === null) await this.find();
      else await this.enter(asked);
    } catch (error) {
      this.end({ kind: 'unreachable', reason: error instanceof Error ? error.message : String(error) });
    }
  }

  async enter(userId: string): Promise<void> {
    this.keep(null);
    const { token, user } = await this.api.request<DemoSession>('POST', '/api/demo/login', { body: { userId } });
    this.keep(token);
    this.begin(user);
  }

  /** Sign out, in every tab of this person. */
  async signOut(): Promise<void> {
    const now = this.state.get();
    if (now.kind === 'signedIn') now.client.signOut();
    await this.leave();
  }

  /** Be somebody else in this tab. */
  async leave(): Promise<void> {
    this.keep(null);
    await this.start();
  }

  async people(): Promise<Profile[]> {
    return (await this.api.request<DemoPeople>('GET', '/api/demo')).people;
  }

  /** The bytes of a file, for a page whose elements cannot ask for it themselves. */
  async file(path: string, signal: AbortSignal): Promise<Blob> {
    const ask = () => fetch(path, { signal, headers: { Authorization: `Bearer ${this.token ?? ''}` } });
    let response = await ask();
    if (response.status === UNAUTHORIZED && (await this.refresh()) !== null) response = await ask();
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    return response.blob();
  }

  private async find(): Promise<void> {
    const { user, demo } = await this.api.request<WhoAmI>('GET', '/api/session');
    if (user !== null) {
      this.begin(user);
      return;
    }
    this.keep(null);
    this.end(demo ? { kind: 'choosing', people: await this.people() } : { kind: 'signedOut' });
  }

  private begin(me: Profile): void {
    const client = new MessagingClient({
      userId: me.id,
      token: () => this.token,
      refreshToken: () => this.refresh(),
      onSignedOut: () => {
        this.keep(null);
        void this.start();
      },
    });
    const uploads = new Uploads({ http: client.api, limits: () => limitsOf(client) });
    client.carryUploads(uploads);
    this.end({ kind: 'signedIn', me, client, uploads, demo: this.token !== null });
    client.start();
  }

  private end(next: Session): void {
    const before = this.state.get();
    this.state.set(next);
    if (before.kind !== 'signedIn') return;
    before.client.close();
    before.uploads.close();
  }

  private async refresh(): Promise<string | null> {
    if (this.token === null) return null;
    const { token } = await this.api.request<DemoSession>('POST', '/api/demo/refresh');
    this.keep(token);
    return token;
  }

  private keep(token: string | null): void {
    this.token = token;
    if (token === null) tabStorage()?.removeItem(TOKEN_KEY);
    else tabStorage()?.setItem(TOKEN_KEY, token);
  }
}

export const session = new SessionKeeper();

/** Told by the server once the socket is ready. */
function limitsOf({ store }: MessagingClient): UploadLimits {
  const { limits } = store.get();
  return limits === null ? DEFAULT_LIMITS : { maxFiles: limits.maxAttachments, maxBytes: limits.maxAttachmentBytes };
}

function takeAskedPerson(): string | null {
  const url = new URL(location.href);
  const asked = url.searchParams.get('as');
  if (asked === null) return null;
  url.searchParams.delete('as');
  history.replaceState(null, '', url);
  return asked;
}

/** Null where the browser forbids it; then a reload asks again who is here. */
function tabStorage(): Storage | null {
  try {
    return globalThis.sessionStorage;
  } catch {
    return null;
  }
}
