// @vitest-environment jsdom
/** The composer by key and by hand. */

import { act, cleanup, createEvent, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { MAX_CONTENT_CHARS, quoteOf, type Message, type Quote } from '../src/client';
import { SocketProvider } from '../src/react';
import type { Person } from '../src/app/text/mentions';
import { Composer, type Editing } from '../src/app/thread/Composer';
import { message } from './make';
import { backend, clientOf, ready } from './server/rig';
import { until } from './server/until';

beforeEach(() => {
  localStorage.clear();
  vi.stubGlobal('matchMedia', () => ({ matches: false }));
  // jsdom lays nothing out, so there is nothing to scroll.
  Element.prototype.scrollIntoView = () => undefined;
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

interface Setting {
  id?: string;
  editing?: Message | null;
  userId?: string;
  people?: readonly Person[];
  replyTo?: Quote | null;
}

async function composer({ id = 'c', editing = null, userId = 'ana', people = [], replyTo = null }: Setting = {}) {
  const client = clientOf(userId);
  await ready(client);
  const heard = { submitted: [] as string[], mentions: [] as string[][], cancelled: 0, editLast: 0, replyCancelled: 0 };
  function Pane() {
    const [now, setNow] = useState<Editing | null>(editing && { of: editing, text: editing.content });
    return (
      <Composer
        ref={null}
        conversationId={id}
        editing={now}
        onEditing={(next) => {
          setNow(next);
          if (next === null) heard.cancelled += 1;
        }}
        replyTo={replyTo}
        onCancelReply={() => (heard.replyCancelled += 1)}
        people={people}
        onSubmit={(text, mentions) => {
          heard.submitted.push(text);
          heard.mentions.push(mentions);
        }}
        onEditLast={() => (heard.editLast += 1)}
      />
    );
  }
  const { unmount } = render(
    <SocketProvider client={client}>
      <Pane />
    </SocketProvider>,
  );
  return { client, heard, unmount, user: userEvent.setup(), box: screen.getByRole<HTMLTextAreaElement>('textbox') };
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

test('keys format what is selected, and the tools do the same', async () => {
  const { user, box } = await composer();
  await user.type(box, 'price');
  box.setSelectionRange(0, 5);
  await user.keyboard('{Control>}b{/Control}');
  expect(box.value).toBe('**price**');
  await user.keyboard('{Control>}{Shift>}x{/Shift}{/Control}');
  expect(box.value).toBe('**~~price~~**');
  expect(screen.queryByRole('toolbar', { name: 'Formatting' })).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Formatting' }));
  await user.click(screen.getByRole('button', { name: 'Strikethrough' }));
  expect(box.value).toBe('**price**');
  expect(box.value.slice(box.selectionStart, box.selectionEnd)).toBe('price');
  expect(document.activeElement).toBe(box);
});

test('the tools are one stop for Tab, walked by arrows, and stay where one left them', async () => {
  const first = await composer();
  await first.user.click(screen.getByRole('button', { name: 'Formatting' }));
  first.unmount();
  const { user, box } = await composer();
  box.focus();
  await user.tab({ shift: true });
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Bold');
  await user.keyboard('{ArrowLeft}');
  expect(document.activeElement?.getAttribute('aria-label')).toBe('Code block');
  await user.tab();
  expect(document.activeElement).toBe(box);
});

test('Shift and Enter go on with a list, and end it at an empty item', async () => {
  const { heard, user, box } = await composer();
  await user.type(box, '- one{Shift>}{Enter}{/Shift}two{Shift>}{Enter}{Enter}{/Shift}after');
  expect(box.value).toBe('- one\n- two\nafter');
  await user.keyboard('{Enter}');
  expect(heard.submitted).toEqual(['- one\n- two\nafter']);
});

function paste(box: HTMLTextAreaElement, data: Record<string, string>): boolean {
  const clipboardData = { getData: (type: string) => data[type] ?? '', types: Object.keys(data), files: [] };
  return fireEvent(box, createEvent.paste(box, { clipboardData }));
}

test('what is pasted keeps its formatting; without any it is pasted as ever', async () => {
  const { user, box } = await composer();
  await user.type(box, 'See: ');
  expect(paste(box, { 'text/html': '<p>the <b>offer</b></p>', 'text/plain': 'the offer' })).toBe(false);
  expect(box.value).toBe('See: the **offer**');
  expect(paste(box, { 'text/html': '<p>plain</p>', 'text/plain': 'plain' })).toBe(true);
  expect(paste(box, { 'text/plain': '<b>plain</b>' })).toBe(true);
});

const PEOPLE = [
  { id: 'p1', name: 'Ana Lima', about: 'Lima Foods' },
  { id: 'p2', name: 'Ben Okoro' },
  { id: 'p3', name: 'Anton Vogel' },
];

test('an @ offers people; the arrows walk them, Enter chooses and does not send', async () => {
  const { heard, user, box } = await composer({ people: PEOPLE });
  await user.type(box, 'hi @an');
  const options = screen.getAllByRole('option');
  expect(options.map((option) => option.textContent)).toEqual(['Ana LimaLima Foods', 'Anton Vogel']);
  expect(box.getAttribute('aria-activedescendant')).toBe(options[0]?.id);
  await user.keyboard('{ArrowDown}');
  expect(box.getAttribute('aria-activedescendant')).toBe(options[1]?.id);
  expect(screen.getByRole('listbox').id).toBe(box.getAttribute('aria-controls'));
  await user.keyboard('{Enter}');
  expect(box.value).toBe('hi @Anton Vogel ');
  expect(screen.queryByRole('listbox')).toBeNull();
  expect(heard.submitted).toEqual([]);
  await user.keyboard('and @be{Tab}{Enter}');
  expect(heard.submitted).toEqual(['hi @Anton Vogel and @Ben Okoro']);
  expect(heard.mentions).toEqual([['p3', 'p2']]);
});

test('a name that is deleted goes as a whole, and is not sent as a mention', async () => {
  const { heard, user, box } = await composer({ people: PEOPLE });
  await user.type(box, '@be{Enter}{Backspace}{Backspace}');
  expect(box.value).toBe('');
  await user.keyboard('nobody{Enter}');
  expect(heard.mentions).toEqual([[]]);
});

test('Escape closes the list and leaves the text; a click chooses', async () => {
  const { heard, user, box } = await composer({ people: PEOPLE, editing: message(1, { content: '' }) });
  await user.type(box, '@b{Escape}');
  expect(screen.queryByRole('listbox')).toBeNull();
  expect([box.value, heard.cancelled]).toEqual(['@b', 0]);
  await user.keyboard('e @');
  await user.click(screen.getByRole('option', { name: /Anton/ }));
  expect(box.value).toBe('@be @Anton Vogel ');
});

test('where there is nobody to name, an @ is an @ and Tab goes on', async () => {
  const { user, box } = await composer();
  await user.type(box, '@an');
  expect(screen.queryByRole('listbox')).toBeNull();
  await user.tab();
  expect(document.activeElement).not.toBe(box);
});

test('what is answered stands above the text, and Escape takes it away', async () => {
  const { heard, user, box } = await composer({ replyTo: quoteOf(message(3, { content: '**The** price?', sender: { ...message(3).sender, name: 'Ben Okoro' } })) });
  expect(screen.getByText('Ben Okoro').parentElement?.textContent).toBe('In reply to Ben OkoroThe price?');
  await user.type(box, '{Escape}');
  expect(heard.replyCancelled).toBe(1);
  await user.click(screen.getByRole('button', { name: 'Cancel reply' }));
  expect(heard.replyCancelled).toBe(2);
  expect(document.activeElement).toBe(box);
});

test('spaces at its beginning stay while one writes, though they are no draft', async () => {
  const { user, box, client } = await composer();
  await user.type(box, '  ');
  expect(box.value).toBe('  ');
  expect(client.drafts.get('c').text).toBe('');
  await user.type(box, 'x');
  expect(client.drafts.get('c').text).toBe('  x');
});

test('what another tab writes is here too', async () => {
  const { box, client } = await composer();
  act(() => client.drafts.set('c', { text: 'from there' }));
  expect(box.value).toBe('from there');
});

test('whom a draft names is kept with it', async () => {
  const { user, box, client } = await composer({ people: PEOPLE });
  await user.type(box, 'for @be{Enter}please');
  expect(client.drafts.get('c')).toMatchObject({ text: 'for @Ben Okoro please', mentions: ['p2'] });
});
