/** The nearest `FileSources` for components: without one above, files are shown by their own addresses. */

import { createContext, use, useEffect, useSyncExternalStore } from 'react';

import { FileSources } from './sources';

export const SourcesContext = createContext(new FileSources());

/** `address` is null while the file is on its way, and when that failed. */
export function useSource(path: string): { address: string | null; failed: boolean } {
  const sources = use(SourcesContext);
  useEffect(() => sources.hold(path), [sources, path]);
  const address = useSyncExternalStore(sources.changes.subscribe, () => sources.now(path));
  const failed = useSyncExternalStore(sources.changes.subscribe, () => sources.hasFailed(path));
  return { address, failed };
}
