/** What the parts of the client share: the state, the one way to change it, and the two ways to ask the server. */

import type { Api } from './api';
import type { Connection } from './connection';
import type { StateEvent } from './happenings';
import type { State } from './model';
import type { Subscribable } from './store';

export interface Desk {
  readonly store: Subscribable<State>;
  readonly api: Api;
  readonly connection: Pick<Connection, 'command' | 'online'>;
  dispatch(event: StateEvent): void;
}
