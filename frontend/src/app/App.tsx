/** The page: who is here decides what is shown. */

import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { LogIn, ServerCrash } from 'lucide-react';
import { useSyncExternalStore } from 'react';

import { SocketProvider } from '../react';
import { FilesProvider } from './files/FilesProvider';
import { Messenger } from './Messenger';
import { Announcer } from './parts/announcer';
import { Button } from './parts/Button';
import { Toasts } from './parts/toasts';
import { Gate } from './session/Gate';
import { PeoplePicker } from './session/PeoplePicker';
import { session } from './session/session';
import { SessionContext } from './session/SessionContext';

const queries = new QueryClient({ defaultOptions: { queries: { retry: 1, staleTime: 30_000, refetchOnWindowFocus: false } } });

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <Screen />
      <Toasts />
      <Announcer />
    </QueryClientProvider>
  );
}

function Screen() {
  const now = useSyncExternalStore(session.state.subscribe, session.state.get);
  switch (now.kind) {
    case 'checking':
      return <div className="checking" role="status" aria-label="Loading" />;
    case 'signedIn':
      return (
        <SessionContext value={now} key={now.me.id}>
          <SocketProvider client={now.client}>
            <FilesProvider uploads={now.uploads} fetchFile={now.demo ? (path, signal) => session.file(path, signal) : null}>
              <Messenger />
            </FilesProvider>
          </SocketProvider>
        </SessionContext>
      );
    case 'choosing':
      return <PeoplePicker people={now.people} />;
    case 'signedOut':
      return (
        <Gate icon={LogIn} title="You are signed out" text="Sign in to StockENT, then come back to your messages.">
          <Button kind="primary" onClick={() => void session.start()}>
            I have signed in
          </Button>
        </Gate>
      );
    case 'unreachable':
      return (
        <Gate icon={ServerCrash} title="Messages cannot be reached" text="The server does not answer. Your messages are safe there.">
          <Button kind="primary" onClick={() => void session.start()}>
            Try again
          </Button>
        </Gate>
      );
  }
}
