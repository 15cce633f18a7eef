/** A document through the real pdf.js: what is read of it, and what is said where it cannot be read. */

import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';

import { GlobalWorkerOptions } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { beforeAll, expect, test } from 'vitest';

import { drawingScale, MAX_CANVAS_PIXELS, MAX_PDF_BYTES, openPdf, reasonOf } from '../../src/app/media/pdf';

beforeAll(() => {
  // The build's address of the worker means nothing outside a browser.
  GlobalWorkerOptions.workerSrc = pathToFileURL(createRequire(import.meta.url).resolve('pdfjs-dist/legacy/build/pdf.worker.mjs')).href;
});

/** A PDF of so many pages that each say which one they are. */
function pdf(pages: number): ArrayBuffer {
  const numbers = Array.from({ length: pages }, (_, index) => index);
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${numbers.map((index) => `${4 + 2 * index} 0 R`).join(' ')}] /Count ${pages} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
    ...numbers.flatMap((index) => {
      const content = `BT /F1 24 Tf 72 700 Td (Page ${index + 1}) Tj ET`;
      return [
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${5 + 2 * index} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
        `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
      ];
    }),
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer << /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF`;
  return new TextEncoder().encode(text).buffer;
}

test('its pages, their size and their words are read', async () => {
  const { document, close } = await openPdf(pdf(3));
  const page = await document.getPage(2);
  const { items } = await page.getTextContent();
  expect(document.numPages).toBe(3);
  expect(page.getViewport({ scale: 1 })).toMatchObject({ width: 595, height: 842 });
  expect(items.map((item) => ('str' in item ? item.str : '')).join('')).toBe('Page 2');
  close();
});

test.each([
  ['what is no PDF', new TextEncoder().encode('not a pdf').buffer, /not a PDF/],
  ['nothing at all', new ArrayBuffer(0), /not a PDF/],
  ['too much', { byteLength: MAX_PDF_BYTES + 1 } as ArrayBuffer, /too large/],
])('%s is said in words', async (_, bytes, words) => {
  const error: unknown = await openPdf(bytes).catch((reason: unknown) => reason);
  expect(reasonOf(error)).toMatch(words);
});

test('a page is drawn sharp, and never larger than a canvas may be', () => {
  expect(drawingScale({ width: 600, height: 800 }, 300, 2)).toBe(1);
  for (const side of [100, 20_000, 14_400_000]) {
    const scale = drawingScale({ width: side, height: side }, 10_000, 3);
    expect(scale * scale * side * side).toBeLessThanOrEqual(MAX_CANVAS_PIXELS * 1.001);
  }
  expect(drawingScale({ width: 600, height: 800 }, 0, 1)).toBe(1);
});
