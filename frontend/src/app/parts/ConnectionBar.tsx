/** One thin line while the connection is not there. Quietly gone when it is back. */

import { CloudOff, KeyRound, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';

import type { ConnectionState, ConnectionStatus } from '../../client';
import { useClientState, useConnection, useSocket } from '../../react';
import { announce } from './announcer';

/** A connection that comes back sooner than this was hardly gone. */
const PATIENCE_MS = 800;

/** `kept`: what is not sent outlives this page. */
export function connectionWords({ status, reason }: ConnectionState, kept: boolean): string | null {
  const meanwhile = kept ? 'What you write is kept and sent when you are back.' : 'What you write is sent when you are back, if this page stays open.';
  switch (status) {
    case 'connecting':
      return 'Connecting…';
    case 'reconnecting':
      return `${reason === 'server_stops' ? 'The server is restarting.' : 'Reconnecting…'} ${meanwhile}`;
    case 'offline':
      return `You are offline. ${meanwhile}`;
    case 'refused':
      return reason === 'auth_another_person' ? 'Somebody else signed in to this browser. Sign in again to go on.' : 'You are signed out. Sign in again to go on.';
    default:
      return null;
  }
}

export function ConnectionBar() {
  const client = useSocket();
  const kept = useClientState(({ unkept }) => unkept !== 'all');
  const { status, reason } = useConnection();
  const shown = useLasting(status);
  const text = connectionWords({ status: shown, reason: status === shown ? reason : null }, kept);
  useEffect(() => {
    if (text !== null) announce(text);
  }, [text]);
  if (text === null) return null;
  const Icon = shown === 'refused' ? KeyRound : shown === 'offline' ? CloudOff : RefreshCw;
  return (
    <section className="connection-bar" aria-label="Connection" data-status={shown}>
      <Icon size={14} strokeWidth={2} aria-hidden="true" />
      <span>{text}</span>
      {shown !== 'connecting' && (
        <button type="button" onClick={() => (shown === 'refused' ? location.reload() : client.reconnect())}>
          {shown === 'refused' ? 'Sign in' : 'Try now'}
        </button>
      )}
    </section>
  );
}

/** The status, but a bad one only once it has lasted. */
function useLasting(status: ConnectionStatus): ConnectionStatus {
  const [shown, setShown] = useState<ConnectionStatus>('online');
  useEffect(() => {
    const timer = setTimeout(() => setShown(status), status === 'online' || status === 'refused' ? 0 : PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [status]);
  return shown;
}
