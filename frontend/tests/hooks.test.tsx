// @vitest-environment jsdom
/** The hooks, in components that a developer might write, against a server that keeps the contract. */

import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { StrictMode, type ReactNode } from 'react';
import { afterEach, expect, test } from 'vitest';

import { SocketProvider, useConversation, useConversations, useMessages, useSocket, useTyping, useUnread } from '../src/react';
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

async function within(children: ReactNode) {
  const client = clientOf('ana');
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

test('a hook without a provider says what is missing', () => {
  function Lost() {
    useSocket();
    return null;
  }
  expect(() => render(<Lost />)).toThrow('useSocket needs a SocketProvider above it');
});
