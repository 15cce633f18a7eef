// @vitest-environment jsdom
/** The hooks, in components that a developer might write, against a server that keeps the contract. */

import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';

import { quoteOf, type MessagingClientOptions } from '../src/client';
import {
  SocketProvider,
  useConversation,
  useConversations,
  useDraft,
  useDrafts,
  useMessages,
  usePresence,
  useSearch,
  useSettings,
  useSocket,
  useTyping,
  useUnread,
} from '../src/react';
import { backend, clientOf, ready } from './server/rig';
import { until } from './server/until';

afterEach(cleanup);

function Inbox() {
  const { conversations } = useConversations();
  const unread = useUnread();
  return (
    <>
      <h1>{unread} unread</h1>
      <ul>
        {conversations.map(({ id, lastMessage }) => (
          <li key={id}>{lastMessage?.content}</li>
        ))}
      </ul>
    </>
  );
}

function Thread({ id }: { id: string }) {
  const { messages, outgoing, send, markRead } = useMessages(id);
  const { gone } = useConversation(id);
  const { typists } = useTyping(id);
  if (gone) return <p>{gone.reason}</p>;
  return (
    <>
      {messages.map((message) => (
        <p key={message.id}>{message.content}</p>
      ))}
      {outgoing.map(({ clientId, content }) => (
        <em key={clientId}>{content}</em>
      ))}
      {typists.map(({ userId }) => (
        <small key={userId}>{userId} types</small>
      ))}
      <button type="button" onClick={() => send('from the button')}>
        Send
      </button>
      <button type="button" onClick={() => markRead(messages.at(-1)?.seq ?? 0)}>
        Read
      </button>
    </>
  );
}

async function within(children: ReactNode, options: Partial<MessagingClientOptions> = {}) {
  const client = clientOf('ana', options);
  const view = render(
    <StrictMode>
      <SocketProvider client={client}>{children}</SocketProvider>
    </StrictMode>,
  );
  await ready(client);
  return { client, ...view };
}

test('useConversations lists newest first, and useUnread counts, both live', async () => {
  const [older, newer] = [backend.world.create(['ana', 'ben']), backend.world.create(['ana', 'cem'])];
  backend.world.send(older, 'ben', 'older');
  backend.world.now = () => new Date(Date.now() + 1_000);
  backend.world.send(newer, 'cem', 'newer');
  await within(<Inbox />);
  await screen.findByText('2 unread');
  expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['newer', 'older']);
  backend.world.now = () => new Date(Date.now() + 2_000);
  backend.world.send(older, 'ben', 'newest');
  await waitFor(() => expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toEqual(['newest', 'newer']));
  await screen.findByText('3 unread');
});

test('useMessages joins the room while mounted, shows what is sent at once, and leaves after', async () => {
  const id = backend.world.create(['ana', 'ben']);
  backend.world.send(id, 'ben', 'hello');
  const { unmount } = await within(<Thread id={id} />);
  await screen.findByText('hello');
  await until('joined', () => backend.roomsOf('ana').includes(`conversation:${id}`));
  screen.getByText('Send').click();
  await waitFor(() => expect(screen.getByText('from the button').tagName).toBe('P'));
  screen.getByText('Read').click();
  await until('read', () => backend.world.seen(id, 'ana').unread === 0);
  unmount();
  await until('left', () => backend.roomsOf('ana').length === 0);
});

test('useTyping shows who types, and useConversation that it is gone', async () => {
  const id = backend.world.create(['ana', 'ben']);
  await within(<Thread id={id} />);
  await until('joined', () => backend.roomsOf('ana').includes(`conversation:${id}`));
  backend.world.typing('user_typing', 'ben', id);
  await screen.findByText('ben types');
  backend.world.remove(id, 'ben');
  await screen.findByText('deleted');
});

test('useMessages reacts, answers, deletes with a way back, and says what is offered', async () => {
  const id = backend.world.create(['ana', 'ben']);
  backend.world.send(id, 'ana', 'mine');
  function Acting() {
    const { messages, deleting, react, send, requestDelete, undoDelete, canEdit, canDelete } = useMessages(id);
    const first = messages[0];
    if (first === undefined) return null;
    return (
      <>
        <p>{first.reactions.map(({ emoji, count }) => `${emoji} ${count}`).join()}</p>
        <p>{`offered: ${canEdit(first)} ${canDelete(first)}`}</p>
        <p>{deleting[first.id] === undefined ? 'stands' : 'goes'}</p>
        {messages.slice(1).map(({ id: key, replyTo, content }) => (
          <q key={key}>{`${replyTo?.content ?? ''} → ${content}`}</q>
        ))}
        <button type="button" onClick={() => void react(first.id, '👍', true)}>
          React
        </button>
        <button type="button" onClick={() => send('answer', { replyTo: quoteOf(first) })}>
          Answer
        </button>
        <button type="button" onClick={() => void requestDelete(first.id)}>
          Delete
        </button>
        <button type="button" onClick={() => undoDelete(first.id)}>
          Undo
        </button>
      </>
    );
  }
  await within(<Acting />, { timing: { undoMs: 60_000 } });
  await screen.findByText('offered: true true');
  screen.getByText('React').click();
  await screen.findByText('👍 1');
  screen.getByText('Answer').click();
  await screen.findByText('mine → answer');
  screen.getByText('Delete').click();
  await screen.findByText('goes');
  screen.getByText('Undo').click();
  await screen.findByText('stands');
});

test('useConversations has the archive apart, loaded when it is asked for', async () => {
  const [here, put] = [backend.world.create(['ana', 'ben'], { title: 'here' }), backend.world.create(['ana', 'cem'], { title: 'put away' })];
  backend.world.setPersonal(put, 'ana', { archived: true });
  function Lists() {
    const { conversations } = useConversations();
    const archive = useConversations({ archived: true });
    return <p>{[...conversations, ...archive.conversations].map(({ title }) => title).join(' | ')}</p>;
  }
  const { client } = await within(<Lists />);
  await screen.findByText('here | put away');
  await client.setPersonal(here, { archived: true });
  await client.setPersonal(put, { archived: false });
  await screen.findByText('put away | here');
});

test('usePresence watches while mounted, and useSettings changes what others know', async () => {
  backend.world.create(['ana', 'ben']);
  backend.world.presence.set('ben', 'online');
  function People() {
    const presence = usePresence(['ben']);
    const { settings, change } = useSettings();
    return (
      <>
        <p>{`ben is ${presence['ben']?.status ?? 'unknown'}`}</p>
        <button type="button" onClick={() => void change({ sharePresence: false })}>
          {settings?.sharePresence ? 'Hide' : 'Hidden'}
        </button>
      </>
    );
  }
  const { unmount } = await within(<People />);
  await screen.findByText('ben is online');
  backend.world.setPresence('ben', 'away');
  await screen.findByText('ben is away');
  (await screen.findByText('Hide')).click();
  await screen.findByText('Hidden');
  unmount();
  await until('nobody watched', () => backend.commands.filter(({ name }) => name === 'watch_presence').at(-1)?.body.userIds.length === 0);
});

test('useDraft keeps what is written, also for the list and after a reload', async () => {
  localStorage.clear();
  function Box() {
    const { draft, set } = useDraft('c');
    const drafts = useDrafts();
    return (
      <>
        <p>{`${draft.text} in ${drafts.size}`}</p>
        <button type="button" onClick={() => set({ text: 'hello' })}>
          Write
        </button>
      </>
    );
  }
  await within(<Box />);
  await screen.findByText('in 0');
  screen.getByText('Write').click();
  await screen.findByText('hello in 1');
  cleanup();
  await within(<Box />);
  await screen.findByText('hello in 1');
});

test('useSearch finds what is asked last', async () => {
  const id = backend.world.create(['ana', 'ben']);
  for (const text of ['olive oil', 'cotton yarn']) backend.world.send(id, 'ben', text);
  function Finder({ q }: { q: string }) {
    const { hits, status } = useSearch({ q });
    return <p>{`${status}: ${hits.map(({ message }) => message.content).join()}`}</p>;
  }
  const { client, rerender } = await within(<Finder q="olive" />);
  await screen.findByText('loaded: olive oil');
  rerender(
    <SocketProvider client={client}>
      <Finder q="cotton" />
    </SocketProvider>,
  );
  await screen.findByText('loaded: cotton yarn');
});

test('a hook without a provider says what is missing', () => {
  function Lost() {
    useSocket();
    return null;
  }
  expect(() => render(<Lost />)).toThrow('useSocket needs a SocketProvider above it');
});
