/** Giving reactions and taking them back: shown at once, told to the server until it has answered. */

import type { Desk } from './desk';
import type { Errands } from './errands';

export class Reactions {
  /** The last wish for each emoji of each message, while the server has not answered it. */
  private readonly latest = new Map<string, object>();

  constructor(
    private readonly desk: Desk,
    private readonly errands: Errands,
  ) {}

  /** A later wish for the same emoji takes the place of an earlier one. Rejects with the refusal, which is taken back here. */
  async react(conversationId: string, messageId: string, emoji: string, present: boolean): Promise<void> {
    const [key, wish] = [`${messageId} ${emoji}`, {}];
    const isLatest = () => this.latest.get(key) === wish;
    this.latest.set(key, wish);
    this.desk.dispatch({ type: 'reacting', conversationId, messageId, emoji, present });
    const name = present ? 'add_reaction' : 'remove_reaction';
    try {
      const ack = await this.errands.run(async () => (isLatest() ? this.desk.connection.command(name, { conversationId, messageId, emoji }) : null));
      if (!isLatest()) return;
      this.latest.delete(key);
      this.desk.dispatch({ type: 'reacted', messageId, emoji, message: ack?.message ?? null });
    } catch (error) {
      if (!isLatest()) return;
      this.latest.delete(key);
      this.desk.dispatch({ type: 'reacted', messageId, emoji, message: null });
      throw error;
    }
  }
}
