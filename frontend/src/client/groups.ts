/** What one does with a group: make it, let people in and out, name it. Each rejects with the server's refusal. */

import type { Desk } from './desk';
import type { Conversation, GroupRole, NewSubject } from './wire';

export interface NewGroup {
  title: string | null;
  participantIds: readonly string[];
  /** Who is added later sees what was said before. */
  historyVisible?: boolean;
  subject?: NewSubject | null;
}

export class Groups {
  constructor(private readonly desk: Desk) {}

  async create({ title, participantIds, historyVisible = false, subject = null }: NewGroup): Promise<Conversation> {
    const made = await this.desk.api.createConversation({ kind: 'GROUP', title, participantIds: [...participantIds], historyVisible, subject });
    this.tell(made);
    return made;
  }

  async add(conversationId: string, userIds: readonly string[]): Promise<void> {
    const [first, ...others] = userIds;
    if (first === undefined) return;
    this.tell((await this.desk.connection.command('add_participants', { conversationId, userIds: [first, ...others] })).conversation);
  }

  async remove(conversationId: string, userId: string): Promise<void> {
    this.tell((await this.desk.connection.command('remove_participant', { conversationId, userId })).conversation);
  }

  /** Go oneself. The conversation is gone then, by one's own hand. */
  async leave(conversationId: string): Promise<void> {
    await this.desk.connection.command('leave_group', { conversationId });
    const { me, conversations, totalUnread } = this.desk.store.get();
    const held = conversations[conversationId];
    if (me === null || held === undefined) return;
    const payload = { conversationId, seq: held.seq, userId: me, removedBy: me, totalUnread: Math.max(0, totalUnread - held.unread) };
    this.desk.dispatch({ type: 'participant_removed', payload });
  }

  async setRole(conversationId: string, userId: string, role: GroupRole): Promise<void> {
    this.tell((await this.desk.connection.command('set_group_role', { conversationId, userId, role })).conversation);
  }

  /** Null takes the name away: then it is called by its people. */
  async rename(conversationId: string, title: string | null): Promise<void> {
    this.tell(await this.desk.api.changeConversation(conversationId, { title }));
  }

  async setHistoryVisible(conversationId: string, historyVisible: boolean): Promise<void> {
    this.tell(await this.desk.api.changeConversation(conversationId, { historyVisible }));
  }

  private tell(conversation: Conversation): void {
    this.desk.dispatch({ type: 'conversation_loaded', conversation });
  }
}
