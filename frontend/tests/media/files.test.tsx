// @vitest-environment jsdom
/** What is shown of a file. */

import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test, vi } from 'vitest';

import { FileCard } from '../../src/app/media/FileCard';
import { extensionOf, kindOf, safeName, splitName } from '../../src/app/media/files';

afterEach(cleanup);

test('a name reads as what it is', () => {
  expect(safeName('invoice\u202efdp.exe')).toBe('invoicefdp.exe');
  expect(safeName('a\u0000b\n\tc.pdf')).toBe('abc.pdf');
  expect(safeName('\u200b\u2066 ')).toBe('Unnamed file');
  expect(safeName(`x${'\u0301'.repeat(1_000)}.pdf`).length).toBeLessThan(20);
  expect(safeName('عرض السعر.pdf')).toBe('عرض السعر.pdf');
});

test('a long name is cut in its middle: both ends together are the name, and the extension stays', () => {
  const name = 'Quotation for cold rolled coils 2026-04-11 final version.xlsx';
  const { head, tail } = splitName(name);
  expect(head + tail).toBe(name);
  expect(tail).toBe('ersion.xlsx');
  expect(splitName('short.pdf')).toEqual({ head: 'short.pdf', tail: '' });
  expect(splitName('👩‍🌾'.repeat(20)).tail).not.toMatch(/^[\udc00-\udfff]/);
});

test('an extension is a short end behind a dot', () => {
  expect(['a.PDF', 'archive.tar.gz', '.hidden', 'none', 'a.b c', 'v1.2 final'].map(extensionOf)).toEqual(['pdf', 'gz', '', '', '', '']);
});

test('the type that the server found counts, not the name', () => {
  expect(kindOf('application/pdf', 'x.png').kind).toBe('pdf');
  expect(kindOf('application/octet-stream', 'x.xlsx').words).toBe('Spreadsheet');
  expect(kindOf('application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'a').kind).toBe('document');
  expect(kindOf('application/octet-stream', 'part.step').words).toBe('STEP file');
  expect(kindOf('application/octet-stream', 'part').words).toBe('File');
});

test('a card names its buttons by its file', async () => {
  const preview = vi.fn();
  render(<FileCard name={'offer\u202efdp.pdf'} type="application/pdf" sizeBytes={1_200_000} url="/api/files/1" onPreview={preview} />);
  expect(screen.getByRole('group', { name: 'offerfdp.pdf' }).textContent).toContain('PDF document · 1.2 MB');
  const link = screen.getByRole<HTMLAnchorElement>('link', { name: 'Download offerfdp.pdf' });
  expect([link.getAttribute('href'), link.download]).toEqual(['/api/files/1?download=true', 'offerfdp.pdf']);
  await userEvent.click(screen.getByRole('button', { name: 'Preview offerfdp.pdf' }));
  expect(preview).toHaveBeenCalledOnce();
});
