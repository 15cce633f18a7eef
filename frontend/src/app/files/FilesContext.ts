/** What components need to carry and show files: one of each for a signed-in person. */

import { createContext, use, useSyncExternalStore } from 'react';

import type { UploadList, Uploads } from '../../client';
import type { Picture } from '../media/ImageGrid';
import type { LocalFiles } from './local';

export type Viewing = { kind: 'pictures'; pictures: readonly Picture[]; start: number } | { kind: 'pdf'; url: string; name: string };

export interface Files {
  uploads: Uploads;
  local: LocalFiles;
  /** Over the whole page, until the person closes it. */
  view: (viewing: Viewing) => void;
}

export const FilesContext = createContext<Files | null>(null);

export function useFiles(): Files {
  const files = use(FilesContext);
  if (files === null) throw new Error('files need a FilesProvider above them');
  return files;
}

export function useUploadList(): UploadList {
  const { list } = useFiles().uploads;
  return useSyncExternalStore(list.subscribe, list.get);
}
