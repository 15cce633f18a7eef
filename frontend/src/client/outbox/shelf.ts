/**
 * Where unsent messages and their files outlive the page: one IndexedDB database for all people and tabs of a browser,
 * each row under its person's id. It says who may send a message (`tab`); it sends nothing and shows nothing.
 */

import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import type { Outgoing } from '../model';
import type { KeptFile } from '../uploadSource';

/** A message as a reload finds it, and the tab that sends it. */
export interface Kept {
  outgoing: Outgoing;
  tab: string;
  files: KeptFile[];
}

interface MessageRow {
  userId: string;
  clientId: string;
  /** Counts up within one person's messages: the order in which they were written. */
  place: number;
  tab: string;
  outgoing: Outgoing;
}

type FileRow = KeptFile & { userId: string; clientId: string };

interface Schema extends DBSchema {
  messages: { key: [string, string]; value: MessageRow; indexes: { inOrder: [string, number] } };
  files: { key: [string, string]; value: FileRow; indexes: { ofMessage: [string, string] } };
}

const NAME = 'stockent.outbox';
/** A browser that holds a higher one was used with a newer page: opening fails, and what that page keeps stays as it is. */
export const SCHEMA_VERSION = 1;
/** Files of one person kept at a time; a message beyond that is kept without its files. */
export const MAX_KEPT_BYTES = 100_000_000;
/** A blocked or broken database must not keep messages from being sent. */
const OPEN_PATIENCE_MS = 3_000;

type Database = IDBPDatabase<Schema>;

export class Shelf {
  private constructor(private readonly database: Database) {}

  /** Rejects where the browser forbids it, knows a newer schema, or does not open it in time. */
  static async open(onEnd: () => void = () => undefined, patienceMs = OPEN_PATIENCE_MS): Promise<Shelf> {
    const opening = openDB<Schema>(NAME, SCHEMA_VERSION, {
      upgrade: (database, from) => {
        if (from < 1) createFirst(database);
      },
      blocking: (_from, _to, event) => {
        // A newer page of this origin waits for it.
        (event.target as IDBDatabase).close();
        onEnd();
      },
      terminated: onEnd,
    });
    return new Shelf(await inTime(opening, patienceMs));
  }

  close(): void {
    this.database.close();
  }

  /**
   * Keep a message as it is now, and of `files` those that it still waits for. Who sends it stays as it was.
   * Resolves once it is kept: false where there was no room for its files.
   */
  async put(userId: string, tab: string, outgoing: Outgoing, files: readonly KeptFile[], waitsFor: ReadonlySet<string>): Promise<boolean> {
    const { clientId } = outgoing;
    const work = this.database.transaction(['messages', 'files'], 'readwrite');
    const [messages, kept] = [work.objectStore('messages'), work.objectStore('files')];
    const before = await messages.get([userId, clientId]);
    const last = before ? null : await messages.index('inOrder').openCursor(ofUser(userId), 'prev');
    const place = before?.place ?? (last?.value.place ?? 0) + 1;
    await messages.put({ userId, clientId, place, tab: before?.tab ?? tab, outgoing });
    for (const uploadId of await kept.index('ofMessage').getAllKeys([userId, clientId])) if (!waitsFor.has(uploadId[1])) await kept.delete(uploadId);
    const room = files.length === 0 || (await bytesOf(kept.iterate(ofUser(userId)))) + sizeOf(files) <= MAX_KEPT_BYTES;
    if (room) for (const file of files) await kept.put({ ...file, userId, clientId });
    await work.done;
    return room;
  }

  async remove(userId: string, clientId: string): Promise<void> {
    const work = this.database.transaction(['messages', 'files'], 'readwrite');
    await work.objectStore('messages').delete([userId, clientId]);
    const files = work.objectStore('files');
    for (const key of await files.index('ofMessage').getAllKeys([userId, clientId])) await files.delete(key);
    await work.done;
  }

  /** All of one person, in the order of writing, without their files. */
  async all(userId: string): Promise<Kept[]> {
    const rows = await this.database.getAllFromIndex('messages', 'inOrder', ofUser(userId));
    return rows.map(({ outgoing, tab }) => ({ outgoing, tab, files: [] }));
  }

  /** Have another tab send what `from` was to send (null: whoever), or only those named; with their files. */
  async pass(userId: string, from: string | null, to: string, only: ReadonlySet<string> | null = null): Promise<Kept[]> {
    const work = this.database.transaction(['messages', 'files'], 'readwrite');
    const passed: Kept[] = [];
    for (const row of await work.objectStore('messages').index('inOrder').getAll(ofUser(userId))) {
      if ((from !== null && row.tab !== from) || (only !== null && !only.has(row.clientId))) continue;
      await work.objectStore('messages').put({ ...row, tab: to });
      passed.push({ outgoing: row.outgoing, tab: to, files: await work.objectStore('files').index('ofMessage').getAll([userId, row.clientId]) });
    }
    await work.done;
    return passed;
  }
}

function createFirst(database: Database): void {
  database.createObjectStore('messages', { keyPath: ['userId', 'clientId'] }).createIndex('inOrder', ['userId', 'place']);
  database.createObjectStore('files', { keyPath: ['userId', 'uploadId'] }).createIndex('ofMessage', ['userId', 'clientId']);
}

/** In a key an array sorts behind every text and number. */
function ofUser(userId: string): IDBKeyRange {
  return IDBKeyRange.bound([userId], [userId, []]);
}

async function bytesOf(rows: AsyncIterable<{ value: FileRow }>): Promise<number> {
  let sum = 0;
  for await (const { value } of rows) sum += value.sizeBytes;
  return sum;
}

function sizeOf(files: readonly KeptFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

/** What is opened too late is closed again. */
function inTime(opening: Promise<Database>, patienceMs: number): Promise<Database> {
  return new Promise((resolve, reject) => {
    let late = false;
    const patience = setTimeout(() => {
      late = true;
      reject(new Error('the outbox did not open in time'));
    }, patienceMs);
    opening.then(
      (database) => {
        clearTimeout(patience);
        if (late) database.close();
        else resolve(database);
      },
      (error: unknown) => {
        clearTimeout(patience);
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
