// @vitest-environment jsdom
/** A part of the page that comes when it is first shown. */

import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, expect, test } from 'vitest';

import { lazyPart } from '../src/app/parts/Lazy';

afterEach(cleanup);

const frame = { className: 'x', waiting: 'Loading…', failed: 'It could not be loaded.' };
const Part = ({ word }: { word: string }) => <p>{word}</p>;

test('what could not be fetched says so and can be tried again; what came stays', async () => {
  let tries = 0;
  const Lazy = lazyPart<{ word: string }>(() => {
    tries += 1;
    return tries === 1 ? Promise.reject(new Error('offline')) : Promise.resolve({ default: Part });
  }, frame);
  const { unmount } = render(<Lazy word="here" />);
  expect(screen.getByText('Loading…')).toBeDefined();
  expect((await screen.findByRole('alert')).textContent).toContain('could not be loaded');
  await userEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(await screen.findByText('here')).toBeDefined();
  unmount();
  render(<Lazy word="again" />);
  expect(screen.getByText('again')).toBeDefined();
  expect(tries).toBe(2);
});
