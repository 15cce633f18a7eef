/** Unsent messages as earlier versions of the page left them, in the tab's or the browser's text storage: moved once. */

import type { Outgoing } from '../model';

export type FormerStorage = Pick<Storage, 'getItem' | 'removeItem'>;

const UNTOLD = { status: 'waiting', replyTo: null, mentions: [], attachments: [], forwardOf: null, error: null, attempts: 0, createdAt: '', saving: false } as const;

/** The browser's, where it lets us. */
export function formerStorages(): FormerStorage[] {
  const both = [() => globalThis.sessionStorage as Storage | undefined, () => globalThis.localStorage as Storage | undefined];
  return both.flatMap((storage) => guarded(storage) ?? []);
}

export function readFormer(storages: readonly FormerStorage[], userId: string): Outgoing[] {
  return storages.flatMap((storage) => parseOutgoings(guarded(() => storage.getItem(keyOf(userId))) ?? '[]'));
}

/** They are kept elsewhere now. */
export function forgetFormer(storages: readonly FormerStorage[], userId: string): void {
  for (const storage of storages) guarded(() => storage.removeItem(keyOf(userId)));
}

function keyOf(userId: string): string {
  return `stockent.outbox.${userId}`;
}

/** What is damaged is dropped. */
function parseOutgoings(text: string): Outgoing[] {
  const items = guarded(() => JSON.parse(text) as unknown);
  return Array.isArray(items) ? items.flatMap((item) => wholeOutgoing(item) ?? []) : [];
}

/** A message as another page or version wrote it, completed; null for what is none. */
export function wholeOutgoing(item: unknown): Outgoing | null {
  const { clientId, conversationId, content, attachments = [] } = (item ?? {}) as Partial<Outgoing>;
  const isOne = [clientId, conversationId, content].every((value) => typeof value === 'string') && Array.isArray(attachments);
  return isOne ? { ...UNTOLD, ...(item as Partial<Outgoing> & Pick<Outgoing, 'clientId' | 'conversationId' | 'content'>), tab: null } : null;
}

function guarded<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
