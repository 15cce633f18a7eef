/** What a person does with messages of their own before they are stored: send, forward, retry, discard, take back. */

import { newClientId } from './clientId';
import type { Desk } from './desk';
import type { Drafts } from './drafts';
import type { Outgoing, OutgoingFile } from './model';
import type { Extras } from './options';
import type { OutboxSender } from './outbox/sender';
import { quoteOf } from './quotes';
import { NO_UPLOADS, outgoingFile, type UploadSource } from './uploadSource';
import type { Message } from './wire';

export class Sending {
  private uploads: UploadSource = NO_UPLOADS;

  constructor(
    private readonly desk: Desk,
    private readonly outbox: OutboxSender,
    private readonly drafts: Drafts,
    private readonly saving: boolean,
  ) {}

  follow(uploads: UploadSource): void {
    this.uploads = uploads;
    this.outbox.follow(uploads);
  }

  send(conversationId: string, content: string, { replyTo = null, mentions = [], attachments = [] }: Extras): string {
    const clientId = newClientId();
    const quote = replyTo !== null && 'id' in replyTo ? quoteOf(replyTo) : replyTo;
    const files = attachments.map((carried) => outgoingFile(carried, this.uploads));
    this.uploads.claim(uploadIds(files), true);
    const text = content.trim();
    if (text === '') this.drafts.set(conversationId, { replyTo: null });
    else this.drafts.clear(conversationId);
    this.desk.dispatch({ type: 'send', clientId, conversationId, content: text, at: new Date().toISOString(), replyTo: quote, mentions, attachments: files, saving: this.saving });
    this.outbox.pump();
    return clientId;
  }

  forward(message: Message, conversationIds: readonly string[]): string[] {
    const { id: messageId, content, attachments } = message;
    const forwardOf = { conversationId: message.conversationId, messageId };
    const files = attachments.map((attachment) => outgoingFile(attachment, this.uploads));
    const clientIds = conversationIds.map((conversationId) => {
      const clientId = newClientId();
      this.desk.dispatch({ type: 'send', clientId, conversationId, content, at: new Date().toISOString(), attachments: files, forwardOf, saving: this.saving });
      return clientId;
    });
    this.outbox.pump();
    return clientIds;
  }

  retry(clientId: string): void {
    for (const id of uploadIds(this.unsent(clientId)?.attachments ?? [])) this.uploads.retry(id);
    this.desk.dispatch({ type: 'retry', clientId });
    this.outbox.pump();
  }

  discard(clientId: string): void {
    const outgoing = this.unsent(clientId);
    this.desk.dispatch({ type: 'discard', clientId });
    for (const id of uploadIds(outgoing?.attachments ?? [])) this.uploads.remove(id);
    this.outbox.pump();
  }

  takeBack(clientId: string): void {
    const outgoing = this.unsent(clientId);
    if (outgoing === undefined || outgoing.status === 'sending') return;
    const { conversationId, content, mentions, replyTo, attachments } = outgoing;
    const draft = this.drafts.get(conversationId);
    this.desk.dispatch({ type: 'discard', clientId });
    this.drafts.set(conversationId, {
      text: [draft.text, content].filter((text) => text.trim() !== '').join('\n'),
      mentions: [...new Set([...draft.mentions, ...mentions])],
      replyTo: draft.replyTo ?? replyTo,
    });
    this.uploads.claim(uploadIds(attachments), false);
    this.outbox.pump();
  }

  private unsent(clientId: string): Outgoing | undefined {
    return this.desk.store.get().outbox.find((outgoing) => outgoing.clientId === clientId && outgoing.status !== 'sent');
  }
}

function uploadIds(files: readonly OutgoingFile[]): string[] {
  return files.flatMap(({ uploadId }) => uploadId ?? []);
}
