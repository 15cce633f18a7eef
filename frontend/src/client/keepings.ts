/** Pinning, archiving, muting and marking as unread: shown at once, told to the server until it has answered. */

import { newClientId } from './clientId';
import type { Desk } from './desk';
import type { Errands } from './errands';
import type { PersonalChange } from './model';

export class Keepings {
  constructor(
    private readonly desk: Desk,
    private readonly errands: Errands,
  ) {}

  /** Rejects with the refusal, which is taken back here. */
  async change(conversationId: string, change: PersonalChange): Promise<void> {
    const token = newClientId();
    this.desk.dispatch({ type: 'keeping', conversationId, token, at: new Date().toISOString(), change });
    try {
      const { conversation } = await this.errands.run(() => this.desk.connection.command('change_personal', { conversationId, ...change }));
      this.desk.dispatch({ type: 'kept', conversationId, token, personal: conversation.personal });
    } catch (error) {
      this.desk.dispatch({ type: 'kept', conversationId, token, personal: null });
      throw error;
    }
  }
}
