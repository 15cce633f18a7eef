// @vitest-environment jsdom
/** The browser's own notifications: only where asked for and allowed. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { askForDesktop, permission, setTelling, tellDesktop } from '../../src/app/settings/notifications';

const shown: FakeNotification[] = [];

/** As much of the browser's as the page uses. */
class FakeNotification {
  static permission: NotificationPermission = 'default';
  static answer: NotificationPermission = 'granted';
  static requestPermission(): Promise<NotificationPermission> {
    FakeNotification.permission = FakeNotification.answer;
    return Promise.resolve(FakeNotification.answer);
  }
  onclick: (() => void) | null = null;
  open = true;
  constructor(
    readonly title: string,
    readonly options: NotificationOptions,
  ) {
    shown.push(this);
  }
  close(): void {
    this.open = false;
  }
}

beforeEach(() => {
  shown.length = 0;
  FakeNotification.permission = 'default';
  FakeNotification.answer = 'granted';
  vi.stubGlobal('Notification', FakeNotification);
  vi.spyOn(window, 'focus').mockReturnValue();
  setTelling({ desktop: false, sound: false });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function news(onOpen: () => void = () => undefined) {
  return { id: 'm1', about: 'c', title: 'Ana', text: 'hello', onOpen };
}

test('nothing is shown until it was asked for and allowed', async () => {
  tellDesktop(news());
  expect(shown).toEqual([]);
  expect(await askForDesktop()).toBe('granted');
  const onOpen = vi.fn();
  tellDesktop(news(onOpen));
  expect(shown.map(({ title, options }) => [title, options.body, options.tag])).toEqual([['Ana', 'hello', 'c']]);
  shown[0]?.onclick?.();
  expect(onOpen).toHaveBeenCalledOnce();
  expect(shown[0]?.open).toBe(false);
});

test('a refusal turns it off again, and a permission that was taken back is heeded', async () => {
  FakeNotification.answer = 'denied';
  expect(await askForDesktop()).toBe('denied');
  expect(JSON.parse(localStorage.getItem('stockent.telling') ?? '')).toEqual({ desktop: false, sound: false });
  setTelling({ desktop: true });
  tellDesktop(news());
  expect(shown).toEqual([]);
});

test('a browser without notifications says so', () => {
  vi.stubGlobal('Notification', undefined);
  expect(permission()).toBe('unsupported');
});
