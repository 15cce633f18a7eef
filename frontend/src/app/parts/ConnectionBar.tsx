/** One thin line while the connection is not there. Quietly gone when it is back. */

import { CloudOff, KeyRound, RefreshCw } from 'lucide-react';
import { useEffect, useState } from 'react';

import type { ConnectionStatus } from '../../client';
import { useConnection, useSocket } from '../../react';
import { announce } from './announcer';

/** A connection that comes back sooner than this was hardly gone. */
const PATIENCE_MS = 800;

const TEXTS: Partial<Record<ConnectionStatus, string>> = {
  connecting: 'Connecting…',
  reconnecting: 'Reconnecting… What you write is kept and sent when you are back.',
  offline: 'You are offline. What you write is kept and sent when you are back.',
  refused: 'You are signed out. Sign in again to go on.',
};

export function ConnectionBar() {
  const client = useSocket();
  const { status } = useConnection();
  const shown = useLasting(status);
  const text = TEXTS[shown];
  useEffect(() => {
    if (text !== undefined) announce(text);
  }, [text]);
  if (text === undefined) return null;
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
