/**
 * A PDF as pictures of its pages, each drawn when it comes into view and let go when it has left, with its text for those
 * who read by ear. Large: loaded by `LazyPdfPreview`.
 */

import { useEffect, useRef, useState, type RefObject } from 'react';

import { drawingScale, MAX_PAGES, openPdf, reasonOf, type PdfDocument, type PdfPage } from './pdf';

export interface PdfPreviewProps {
  url: string;
  name: string;
  /** Fetches with whatever says who one is. */
  open: (url: string, signal: AbortSignal) => Promise<ArrayBuffer>;
  /** The first page only, for a card. */
  pages?: 'first' | 'all';
}

/** Pages this near are drawn already. */
const AHEAD = '600px';
const MAX_TEXT_CHARS = 20_000;

type Loaded = { document: PdfDocument; first: PdfPage } | { failed: string } | null;

export default function PdfPreview({ url, name, open, pages = 'all' }: PdfPreviewProps) {
  const loaded = useDocument(url, open);
  if (loaded === null) return <p className="pdf-note">Loading…</p>;
  if ('failed' in loaded) {
    return (
      <p className="pdf-note" role="alert">
        {loaded.failed}
      </p>
    );
  }
  const { document, first } = loaded;
  const shown = pages === 'first' ? 1 : Math.min(document.numPages, MAX_PAGES);
  return (
    <div className="pdf" data-pages={pages}>
      {Array.from({ length: shown }, (_, index) => (
        <Page key={index} document={document} number={index + 1} first={first} label={`Page ${index + 1} of ${document.numPages}, ${name}`} />
      ))}
      {pages === 'all' && shown < document.numPages && (
        <p className="pdf-note">
          The first {shown} of {document.numPages} pages. Download the document to read on.
        </p>
      )}
    </div>
  );
}

function useDocument(url: string, open: PdfPreviewProps['open']): Loaded {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const opener = useRef(open);
  useEffect(() => {
    opener.current = open;
  });
  useEffect(() => {
    const leaving = new AbortController();
    let close: (() => void) | null = null;
    const load = async () => {
      const pdf = await openPdf(await opener.current(url, leaving.signal));
      close = pdf.close;
      if (leaving.signal.aborted) close();
      else setLoaded({ document: pdf.document, first: await pdf.document.getPage(1) });
    };
    load().catch((error: unknown) => {
      if (!leaving.signal.aborted) setLoaded({ failed: reasonOf(error) });
    });
    return () => {
      leaving.abort();
      close?.();
      setLoaded(null);
    };
  }, [url]);
  return loaded;
}

interface PageProps {
  document: PdfDocument;
  number: number;
  /** Its size is taken for that of a page which is not known yet. */
  first: PdfPage;
  label: string;
}

function Page({ document, number, first, label }: PageProps) {
  const box = useRef<HTMLDivElement>(null);
  const near = useNear(box);
  const [page, setPage] = useState<PdfPage | null>(number === 1 ? first : null);
  const [text, setText] = useState('');
  useEffect(() => {
    if (!near || page !== null) return undefined;
    let wanted = true;
    document.getPage(number).then(
      (found) => {
        if (wanted) setPage(found);
      },
      // A page that cannot be read stays blank; the others do not.
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [near, page, document, number]);
  useEffect(() => {
    if (!near || page === null) return undefined;
    let wanted = true;
    page.getTextContent().then(
      ({ items }) => {
        const words = items.map((item) => ('str' in item ? item.str + (item.hasEOL ? '\n' : '') : '')).join('');
        if (wanted) setText(words.slice(0, MAX_TEXT_CHARS));
      },
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [near, page]);
  const { width, height } = (page ?? first).getViewport({ scale: 1 });
  return (
    <div ref={box} className="pdf-page" style={{ aspectRatio: `${width} / ${height}` }} role="group" aria-label={label}>
      {near && page !== null && <Drawing page={page} />}
      <p className="visually-hidden">{text}</p>
    </div>
  );
}

function Drawing({ page }: { page: PdfPage }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return undefined;
    const scale = drawingScale(page.getViewport({ scale: 1 }), element.clientWidth, window.devicePixelRatio);
    const viewport = page.getViewport({ scale });
    element.width = Math.floor(viewport.width);
    element.height = Math.floor(viewport.height);
    const task = page.render({ canvas: element, viewport });
    task.promise.catch(() => undefined);
    return () => {
      task.cancel();
      page.cleanup();
      // Some browsers keep a canvas's pixels for a while after it has gone.
      element.width = 0;
      element.height = 0;
    };
  }, [page]);
  return <canvas ref={canvas} aria-hidden="true" />;
}

function useNear(box: RefObject<HTMLElement | null>): boolean {
  const [near, setNear] = useState(false);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    // A margin counts only around the element that scrolls.
    const root = element.closest('.pdf-scroll');
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), { root, rootMargin: AHEAD });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);
  return near;
}
