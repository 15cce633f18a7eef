// @vitest-environment jsdom
import { beforeEach, expect, test } from 'vitest';

import { conversationPath, currentRoute, openConversation, openList, parse } from '../src/app/router';
import { until } from './server/until';

beforeEach(() => {
  history.replaceState(null, '', '/');
  dispatchEvent(new PopStateEvent('popstate'));
});

test('an address names the list, a conversation, or a message in it', () => {
  expect(parse({ pathname: '/', search: '' })).toEqual({ conversationId: null, at: null });
  expect(parse({ pathname: '/c/a%2Fb', search: '' })).toEqual({ conversationId: 'a/b', at: null });
  expect(parse({ pathname: '/c/x', search: '?m=12' })).toEqual({ conversationId: 'x', at: 12 });
});

test('a message that is no number is no message', () => {
  for (const search of ['?m=', '?m=x', '?m=-1', '?m=1.5', '?m=1e999']) expect(parse({ pathname: '/c/x', search }).at).toBeNull();
});

test('an address that cannot be decoded is taken as it is', () => {
  expect(parse({ pathname: '/c/%zz', search: '' }).conversationId).toBe('%zz');
});

test('a path leads back to what it was made of', () => {
  const url = new URL(conversationPath('a b/c', 7), 'http://host');
  expect(parse(url)).toEqual({ conversationId: 'a b/c', at: 7 });
});

test('going back to the list from a conversation opened there is going back', async () => {
  const before = history.length;
  openConversation('x');
  expect(currentRoute().conversationId).toBe('x');
  openList();
  await until('the list', () => currentRoute().conversationId === null);
  openConversation('y');
  expect(history.length).toBe(before + 1);
});

test('from a link, where no list is behind, the list takes its place', () => {
  history.replaceState(null, '', '/c/x');
  dispatchEvent(new PopStateEvent('popstate'));
  const before = history.length;
  openList();
  expect(currentRoute().conversationId).toBeNull();
  expect(history.length).toBe(before);
});

test('opening what is open adds nothing to the history', () => {
  openConversation('x');
  const before = history.length;
  openConversation('x');
  expect(history.length).toBe(before);
});
