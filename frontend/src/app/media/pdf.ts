/**
 * pdf.js as this page wants it: its worker and data from our own origin, nothing in a document run, nothing fetched for it.
 * The build for older browsers, since the other needs features of the newest. Only ever imported by what is loaded lazily.
 */

import { getDocument, GlobalWorkerOptions, type PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import workerUrl from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url';

export type { PDFDocumentProxy as PdfDocument, PDFPageProxy as PdfPage } from 'pdfjs-dist/legacy/build/pdf.mjs';

/** Beyond this a document is downloaded, not previewed. */
export const MAX_PDF_BYTES = 50_000_000;
export const MAX_PAGES = 300;
/** No picture in a document is decoded that has more. */
const MAX_IMAGE_PIXELS = 64_000_000;
export const MAX_CANVAS_PIXELS = 12_000_000;
/** Where `vite.plugins.ts` puts them. */
const DATA = '/assets/pdf';

GlobalWorkerOptions.workerSrc = workerUrl;

export interface OpenPdf {
  document: PDFDocumentProxy;
  close: () => void;
}

/** Takes the bytes over: they cannot be used after. Throws what `reasonOf` puts into words. */
export async function openPdf(bytes: ArrayBuffer): Promise<OpenPdf> {
  if (bytes.byteLength > MAX_PDF_BYTES) throw new RangeError('too large');
  const loading = getDocument({
    data: new Uint8Array(bytes),
    isEvalSupported: false,
    enableXfa: false,
    // Needs `wasm-unsafe-eval`, which the page's policy does not give. The rare pictures that want it stay blank.
    useWasm: false,
    maxImageSize: MAX_IMAGE_PIXELS,
    cMapUrl: `${DATA}/cmaps/`,
    cMapPacked: true,
    standardFontDataUrl: `${DATA}/standard_fonts/`,
    verbosity: 0,
  });
  return { document: await loading.promise, close: () => void loading.destroy() };
}

export function reasonOf(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'PasswordException') return 'This document is protected by a password. Download it to open it.';
  if (name === 'InvalidPDFException') return 'This file is not a PDF that can be read.';
  if (error instanceof RangeError) return 'This document is too large for a preview. Download it to read it.';
  return 'The preview could not be loaded.';
}

/** Pixels of the canvas for each point of the page: sharp on this screen, within what a canvas may hold. */
export function drawingScale(page: { width: number; height: number }, shownWidth: number, pixelRatio: number): number {
  const sharp = ((shownWidth || page.width) * pixelRatio) / page.width;
  return Math.min(sharp, Math.sqrt(MAX_CANVAS_PIXELS / (page.width * page.height)));
}
