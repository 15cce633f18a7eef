/** The signed-in session for the components under it. */

import { createContext, use } from 'react';

import type { Session } from './session';

export type SignedIn = Extract<Session, { kind: 'signedIn' }>;

export const SessionContext = createContext<SignedIn | null>(null);

export function useSignedIn(): SignedIn {
  const signedIn = use(SessionContext);
  if (signedIn === null) throw new Error('useSignedIn needs a signed-in session above it');
  return signedIn;
}
