import type { PresenceStatus } from '../../client';

/** On a face: full while somebody is there, a ring while they are away. */
export function PresenceDot({ status }: { status: PresenceStatus | undefined }) {
  if (status === undefined || status === 'offline') return null;
  return (
    <span className="presence-dot" data-status={status}>
      <span className="visually-hidden">{status}</span>
    </span>
  );
}
