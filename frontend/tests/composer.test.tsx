// @vitest-environment jsdom
/** The composer by key and by hand. */

import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { MAX_CONTENT_CHARS, type Message } from '../src/client';
import { SocketProvider } from '../src/react';
import { SessionContext } from '../src/app/session/SessionContext';
import { Composer } from '../src/app/thread/Composer';
import { message } from './make';
import { backend, clientOf, ready } from './server/rig';
import { until } from './server/until';

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function composer({ id = 'c', editing = null, userId = 'ana' }: { id?: string; editing?: Message | null; userId?: string } = {}) {
  const client = clientOf(userId);
  await ready(client);
  const heard = { submitted: [] as string[], cancelled: 0, editLast: 0 };
  const me = backend.world.person(userId, userId);
  const { unmount } = render(
    <SessionContext value={{ kind: 'signedIn', me, client, demo: true }}>
      <SocketProvider client={client}>
        <Composer
          ref={null}
          conversationId={id}
          editing={editing}
          onSubmit={(text) => heard.submitted.push(text)}
          onCancelEdit={() => (heard.cancelled += 1)}
          onEditLast={() => (heard.editLast += 1)}
        />
      </SocketProvider>
    </SessionContext>,
  );
  return { heard, unmount, user: userEvent.setup(), box: screen.getByRole<HTMLTextAreaElement>('textbox') };
}

test('Enter sends, Shift and Enter break the line, and the box is empty again', async () => {
  const { heard, user, box } = await composer();
  await user.type(box, 'one{Shift>}{Enter}{/Shift}two{Enter}');
  expect(heard.submitted).toEqual(['one\ntwo']);
  expect(box.value).toBe('');
});

test('nothing but spaces is not sent', async () => {
  const { heard, user, box } = await composer();
  await user.type(box, '   {Enter}');
  expect(heard.submitted).toEqual([]);
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true);
});

test('a draft waits for its own writer in its own conversation', async () => {
  const first = await composer({ id: 'c1' });
  await first.user.type(first.box, 'unfinished');
  first.unmount();
  expect((await composer({ id: 'c2' })).box.value).toBe('');
  cleanup();
  expect((await composer({ id: 'c1', userId: 'ben' })).box.value).toBe('');
  cleanup();
  expect((await composer({ id: 'c1' })).box.value).toBe('unfinished');
});

test('near the limit the room is told, and past it nothing is sent', async () => {
  const { heard, user, box } = await composer();
  await user.click(box);
  await user.paste('x'.repeat(MAX_CONTENT_CHARS - 10));
  expect(screen.getByRole('status').textContent).toBe('10 characters left');
  await user.paste('x'.repeat(11));
  expect(screen.getByRole('status').textContent).toBe('1 character too many');
  await user.keyboard('{Enter}');
  expect(heard.submitted).toEqual([]);
});

test('the limit counts characters as people do', async () => {
  const { heard, user, box } = await composer();
  await user.click(box);
  await user.paste('👍'.repeat(MAX_CONTENT_CHARS));
  await user.keyboard('{Enter}');
  expect(heard.submitted).toHaveLength(1);
});

test('Up in an empty box edits the last message, in a written one it does not', async () => {
  const { heard, user, box } = await composer();
  await user.type(box, '{ArrowUp}');
  expect(heard.editLast).toBe(1);
  await user.type(box, 'x{ArrowUp}');
  expect(heard.editLast).toBe(1);
});

test('while editing it holds the message’s text, Enter saves it, and the draft is left alone', async () => {
  localStorage.setItem('stockent.draft.ana.c', 'my draft');
  const { heard, user, box } = await composer({ editing: message(1, { content: 'helo' }) });
  expect(box.value).toBe('helo');
  await user.type(box, '!{Enter}');
  expect(heard.submitted).toEqual(['helo!']);
  expect(localStorage.getItem('stockent.draft.ana.c')).toBe('my draft');
});

test('Escape cancels an edit', async () => {
  const { heard, user, box } = await composer({ editing: message(1) });
  await user.type(box, '{Escape}');
  expect(heard.cancelled).toBe(1);
});

test('writing tells the others, and an emptied box that one stopped', async () => {
  const id = backend.world.create(['ana', 'ben']);
  const { user, box } = await composer({ id });
  const told = () => backend.commands.map(({ name }) => name).filter((name) => name.startsWith('typing'));
  await user.type(box, 'ab');
  await until('typing told', () => told().length === 1);
  await user.clear(box);
  await until('stop told', () => told().includes('typing_stop'));
  expect(told()).toEqual(['typing_start', 'typing_stop']);
});
