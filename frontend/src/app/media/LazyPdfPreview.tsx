import { lazyPart } from '../parts/Lazy';
import type { PdfPreviewProps } from './PdfPreview';

export const LazyPdfPreview = lazyPart<PdfPreviewProps>(() => import('./PdfPreview'), {
  className: 'pdf-waiting',
  waiting: <p className="pdf-note">Loading…</p>,
  failed: 'The preview could not be loaded.',
});
