/** The files of a conversation, as the server lists them. */

import type { Attachment, AttachmentKind, QuotedSender } from './wire';

/** A file, and the message that shows it. */
export interface SharedFile {
  attachment: Attachment;
  messageId: string;
  seq: number;
  sender: QuotedSender;
  createdAt: string;
}

/** Newest first. */
export interface SharedFilePage {
  items: SharedFile[];
  nextCursor: string | null;
}

export interface SharedFileQuery {
  cursor?: string | null;
  kind?: AttachmentKind;
  limit?: number;
}
