/** Pictures or a document over the whole page, whoever asked for them: their row may go while they are looked at. */

import { use } from 'react';

import { lazyPart } from '../parts/Lazy';
import { SourcesContext } from '../media/useSource';
import type { Viewing } from './FilesContext';

const FRAME = { className: 'viewer-waiting', waiting: null, failed: 'This could not be opened.' };
const Lightbox = lazyPart(async () => ({ default: (await import('../media/Lightbox')).Lightbox }), FRAME);
const PdfDialog = lazyPart(async () => ({ default: (await import('../media/PdfDialog')).PdfDialog }), FRAME);

export function Viewer({ viewing, onClose }: { viewing: Viewing; onClose: () => void }) {
  const sources = use(SourcesContext);
  if (viewing.kind === 'pictures') return <Lightbox pictures={viewing.pictures} start={viewing.start} onClose={onClose} />;
  const open = async (url: string, signal: AbortSignal) => (await sources.read(url, signal)).arrayBuffer();
  return <PdfDialog url={viewing.url} name={viewing.name} open={open} onClose={onClose} />;
}
