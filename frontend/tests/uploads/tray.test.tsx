// @vitest-environment jsdom
/** Attaching: by the paper clip, by dropping, by pasting; and the tray in which each file tells how it fares. */

import { cleanup, createEvent, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import { announce, Announcer } from '../../src/app/parts/announcer';
import { Toasts } from '../../src/app/parts/toasts';
import { DropZone, FileButton, pastedFiles, UploadTray } from '../../src/app/uploads';
import type { Attachment, Upload } from '../../src/client';
import { completeJsdom } from '../voice/jsdom';

let urls: Set<string>;

beforeEach(() => {
  announce('');
  urls = completeJsdom();
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function upload(name: string, more: Partial<Upload> = {}): Upload {
  return {
    id: name,
    conversationId: 'c',
    source: new File(['x'], name, { type: name.endsWith('.png') ? 'image/png' : 'application/pdf' }),
    name,
    sizeBytes: 2_048,
    voice: false,
    claimed: false,
    status: 'uploading',
    progress: 0.4,
    attachment: null,
    error: null,
    ...more,
  };
}

const ready = (name: string) => upload(name, { status: 'ready', progress: 1, attachment: { id: name } as Attachment });
const failed = (name: string, retryable: boolean) => upload(name, { status: 'failed', error: { code: 'x', message: 'It is too large.', retryable } });
const heard = () => screen.getByRole('status', { name: 'Announcements' }).textContent;

describe('the tray', () => {
  function Tray({ first, onEmptied }: { first: readonly Upload[]; onEmptied?: () => void }) {
    const [uploads, setUploads] = useState(first);
    return (
      <UploadTray
        uploads={uploads}
        onRemove={(id) => setUploads(uploads.filter((one) => one.id !== id))}
        onRetry={(id) => setUploads(uploads.map((one) => (one.id === id ? upload(one.name) : one)))}
        {...(onEmptied && { onEmptied })}
      />
    );
  }

  function show(uploads: readonly Upload[]) {
    const view = (list: readonly Upload[]) => (
      <>
        <UploadTray uploads={list} onRemove={() => undefined} onRetry={() => undefined} />
        <Announcer />
      </>
    );
    const { rerender } = render(view(uploads));
    return (next: readonly Upload[]) => rerender(view(next));
  }

  test('empty it is not there', () => {
    show([]);
    expect(screen.queryByRole('list')).toBeNull();
  });

  test('a file shows its name, its size and how far it is', () => {
    const again = show([upload('offer.pdf')]);
    expect(screen.getByText('offer.pdf')).toBeDefined();
    expect(screen.getByText('40 % of 2 KB')).toBeDefined();
    expect(screen.getByRole('progressbar', { name: 'Uploading offer.pdf' }).getAttribute('aria-valuenow')).toBe('40');
    again([upload('offer.pdf', { status: 'processing', progress: 1 })]);
    expect(screen.getByText('Checking…')).toBeDefined();
    again([ready('offer.pdf')]);
    expect(screen.getByText('2 KB')).toBeDefined();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });

  test('those who hear the page are told once what became of each, and what happens together is said together', () => {
    const again = show([upload('a.pdf'), upload('b.pdf'), upload('c.pdf')]);
    again([ready('a.pdf'), upload('b.pdf'), upload('c.pdf')]);
    expect(heard()).toBe('a.pdf is attached.');
    again([ready('a.pdf'), ready('b.pdf'), failed('c.pdf', false)]);
    expect(heard()).toBe('b.pdf is attached. c.pdf: It is too large.');
    again([ready('a.pdf'), ready('b.pdf')]);
    expect(heard()).toBe('b.pdf is attached. c.pdf: It is too large.');
  });

  test('what was there before the tray is no news', () => {
    show([ready('a.pdf'), failed('b.pdf', false)]);
    expect(heard()).toBe('');
  });

  test('a failed one says why; only what may succeed can be tried again', async () => {
    const user = userEvent.setup();
    render(<Tray first={[failed('a.pdf', true), failed('b.pdf', false)]} />);
    expect(screen.getAllByText('It is too large.')).toHaveLength(2);
    expect(screen.queryByRole('button', { name: 'Try b.pdf again' })).toBeNull();
    await user.click(screen.getByRole('button', { name: 'Try a.pdf again' }));
    expect(screen.getByRole('progressbar', { name: 'Uploading a.pdf' })).toBeDefined();
  });

  test('one that waits for the network says that it goes on by itself, and can be hurried', () => {
    show([upload('a.pdf', { status: 'waiting', error: { code: 'offline', message: 'There is no connection.', retryable: true } })]);
    expect(screen.getByText('There is no connection. It goes on by itself.')).toBeDefined();
    expect(screen.getByRole('button', { name: 'Try a.pdf again' })).toBeDefined();
  });

  test('removed by key, the focus goes to the neighbour, and from the last one out of the tray', async () => {
    const onEmptied = vi.fn();
    const user = userEvent.setup();
    render(<Tray first={[upload('a.pdf'), ready('b.pdf'), ready('c.pdf')]} onEmptied={onEmptied} />);
    screen.getByRole('button', { name: 'Remove b.pdf' }).focus();
    await user.keyboard('{Enter}');
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Remove c.pdf' }));
    await user.keyboard('{Enter}');
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Cancel a.pdf' }));
    expect(onEmptied).not.toHaveBeenCalled();
    await user.keyboard('{Enter}');
    expect(onEmptied).toHaveBeenCalledOnce();
  });

  test('a picture is shown, and its address lives no longer than it', () => {
    const again = show([upload('a.png'), upload('b.pdf')]);
    expect([...urls]).toEqual([document.querySelector('img')?.src]);
    again([ready('a.png')].map((one) => ({ ...one, source: new File(['y'], 'a.png', { type: 'image/png' }) })));
    expect(urls.size).toBe(1);
    again([]);
    expect(urls.size).toBe(0);
  });

  test('a drawing that could hold a script is shown by its kind only', () => {
    show([{ ...upload('a.svg'), source: new File(['<svg/>'], 'a.svg', { type: 'image/svg+xml' }) }]);
    expect(document.querySelector('img')).toBeNull();
    expect(urls.size).toBe(0);
  });
});

test('the paper clip takes several files, and the same ones again', async () => {
  const onFiles = vi.fn<(files: File[]) => void>();
  const user = userEvent.setup();
  render(<FileButton onFiles={onFiles} />);
  const input = screen.getByLabelText<HTMLInputElement>('Files to attach');
  const click = vi.spyOn(input, 'click').mockImplementation(() => undefined);
  await user.click(screen.getByRole('button', { name: 'Attach files' }));
  expect(click).toHaveBeenCalledOnce();
  const files = [new File(['a'], 'a.txt'), new File(['b'], 'b.txt')];
  await user.upload(input, files);
  await user.upload(input, files);
  expect(onFiles.mock.calls.map(([given]) => given.map(({ name }) => name))).toEqual([
    ['a.txt', 'b.txt'],
    ['a.txt', 'b.txt'],
  ]);
});

describe('dropping', () => {
  const transfer = (files: File[], folders = 0) => ({
    types: ['Files'],
    dropEffect: 'none',
    items: [
      ...files.map((file) => ({ kind: 'file', getAsFile: () => file, webkitGetAsEntry: () => ({ isDirectory: false }) })),
      ...Array.from({ length: folders }, () => ({ kind: 'file', getAsFile: () => new File([], 'folder'), webkitGetAsEntry: () => ({ isDirectory: true }) })),
    ],
  });
  const text = { types: ['text/plain'], dropEffect: 'none', items: [] };
  const file = new File(['a'], 'a.txt');
  const veil = () => screen.queryByText('Drop to attach');

  function zone({ disabled = false } = {}) {
    const onFiles = vi.fn<(files: File[]) => void>();
    render(
      <>
        <DropZone onFiles={onFiles} disabled={disabled}>
          <p>first</p>
          <p>second</p>
        </DropZone>
        <aside>elsewhere</aside>
        <Toasts />
      </>,
    );
    return onFiles;
  }

  function over(): Element {
    fireEvent.dragEnter(screen.getByText('first'), { dataTransfer: transfer([file]) });
    const element = veil()?.parentElement;
    if (!element) throw new Error('no veil');
    return element;
  }

  test('files over it are welcomed, and taken where they are dropped', () => {
    const onFiles = zone();
    const target = over();
    const dragOver = createEvent.dragOver(target, { dataTransfer: transfer([file]) });
    fireEvent(target, dragOver);
    expect(dragOver.defaultPrevented).toBe(true);
    fireEvent.drop(target, { dataTransfer: transfer([file]) });
    expect(onFiles).toHaveBeenCalledExactlyOnceWith([file]);
    expect(veil()).toBeNull();
  });

  test('from one thing in it to another it stays, out of it it goes', () => {
    const onFiles = zone();
    const target = over();
    fireEvent.dragLeave(screen.getByText('first'), { dataTransfer: transfer([file]) });
    fireEvent.dragEnter(screen.getByText('second'), { dataTransfer: transfer([file]) });
    expect(veil()).not.toBeNull();
    fireEvent.dragLeave(target, { dataTransfer: transfer([file]) });
    expect(veil()).toBeNull();
    expect(onFiles).not.toHaveBeenCalled();
  });

  test('text that is dragged is none of its business, nor is anything while it is disabled', () => {
    zone();
    fireEvent.dragEnter(screen.getByText('first'), { dataTransfer: text });
    expect(veil()).toBeNull();
    cleanup();
    zone({ disabled: true });
    fireEvent.dragEnter(screen.getByText('first'), { dataTransfer: transfer([file]) });
    expect(veil()).toBeNull();
  });

  test('folders are left out, and told if there is nothing else', () => {
    const onFiles = zone();
    fireEvent.drop(over(), { dataTransfer: transfer([file], 1) });
    expect(onFiles).toHaveBeenCalledExactlyOnceWith([file]);
    fireEvent.drop(over(), { dataTransfer: transfer([], 1) });
    expect(onFiles).toHaveBeenCalledOnce();
    expect(screen.getByText('Folders cannot be attached')).toBeDefined();
  });

  test('a file that misses it does not take the page away; text may go where it wants', () => {
    zone();
    const elsewhere = screen.getByText('elsewhere');
    for (const [data, prevented] of [
      [transfer([file]), true],
      [text, false],
    ] as const) {
      const drop = createEvent.drop(elsewhere, { dataTransfer: data });
      fireEvent(elsewhere, drop);
      expect(drop.defaultPrevented).toBe(prevented);
    }
  });
});

describe('pasting', () => {
  const now = new Date(2_026, 10, 24, 13, 5, 9);
  const clipboard = (files: File[], types: string[] = []) => ({ types: ['Files', ...types], files }) as unknown as DataTransfer;
  const picture = () => new File(['x'], 'image.png', { type: 'image/png' });

  test('a picture without a name is named by the time, several are counted, others keep their names', () => {
    expect(pastedFiles(clipboard([picture()]), now).map(({ name, type }) => [name, type])).toEqual([['Pasted 2026-11-24 13.05.09.png', 'image/png']]);
    const named = new File(['x'], 'offer.pdf');
    expect(pastedFiles(clipboard([picture(), named, picture()]), now).map(({ name }) => name)).toEqual([
      'Pasted 2026-11-24 13.05.09 1.png',
      'offer.pdf',
      'Pasted 2026-11-24 13.05.09 3.png',
    ]);
  });

  test('where there is text, the text is meant', () => {
    expect(pastedFiles(clipboard([picture()], ['text/plain', 'text/html']), now)).toEqual([]);
    expect(pastedFiles(clipboard([]), now)).toEqual([]);
    expect(pastedFiles(null, now)).toEqual([]);
  });

  test('a picture that a browser copies with its own address is a picture', () => {
    expect(pastedFiles(clipboard([picture()], ['text/html']), now)).toHaveLength(1);
  });
});
