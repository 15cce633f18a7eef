/** Gives the page its files: what is uploaded, where bytes come from, the one player, and the window over everything. */

import { useCallback, useEffect, useMemo, useState, type ReactNode } from 'react';

import type { Uploads } from '../../client';
import { FileSources, type FetchFile } from '../media/sources';
import { SourcesContext } from '../media/useSource';
import { Playback, PlaybackContext } from '../voice/playback';
import { FilesContext, type Viewing } from './FilesContext';
import { LocalFiles } from './local';
import { useWarning } from './leaving';
import { isUnsent } from './progress';
import { Viewer } from './Viewer';

interface Props {
  uploads: Uploads;
  /** Null where the page speaks by cookie. */
  fetchFile: FetchFile | null;
  children: ReactNode;
}

export function FilesProvider({ uploads, fetchFile, children }: Props) {
  const [sources] = useState(() => new FileSources(fetchFile));
  const [local] = useState(() => new LocalFiles(uploads, sources));
  const [playback] = useState(() => new Playback(undefined, (url, signal) => sources.now(url) ?? sources.addressOf(url, signal)));
  const [viewing, setViewing] = useState<Viewing | null>(null);
  useEffect(() => {
    const detach = local.attach();
    return () => {
      detach();
      playback.close();
      sources.close();
    };
  }, [local, playback, sources]);
  useWarning(useCallback(() => uploads.list.get().some(isUnsent), [uploads]));
  const files = useMemo(() => ({ uploads, local, view: setViewing }), [uploads, local]);
  return (
    <SourcesContext value={sources}>
      <PlaybackContext value={playback}>
        <FilesContext value={files}>
          {children}
          {viewing && <Viewer viewing={viewing} onClose={() => setViewing(null)} />}
        </FilesContext>
      </PlaybackContext>
    </SourcesContext>
  );
}
