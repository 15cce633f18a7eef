/** The client library without React. */

export { Activity, HIDDEN_MS, IDLE_MS, type ActivityOptions } from './activity';
export { Api, type ApiOptions, type FilesQuery, type ListQuery, type PageQuery, type TokenSource } from './api';
export { MessagingClient } from './client';
export { newClientId } from './clientId';
export { UNDO_MS } from './deletions';
export { Drafts, MAX_DRAFT_CHARS, MAX_DRAFTS, NO_DRAFT, type Draft, type DraftStorage } from './drafts';
export { isAuthError, MessagingError, toMessagingError, type FieldError } from './errors';
export type { NewGroup } from './groups';
export type { LocalEvent, ServerEvent, StateEvent } from './happenings';
export { participantOf, readSeqOf } from './marks';
export * from './model';
export type { Extras, MessagingClientOptions } from './options';
export type { TabsOptions } from './outbox/tabs';
export { quoteOf } from './quotes';
export { withMyReactions } from './reacting';
export { receiptOf, type Receipt, type ReceiptStatus, type Receiver } from './receipts';
export {
  search,
  Searching,
  type FoundConversation,
  type Highlight,
  type SearchHit,
  type SearchPage,
  type SearchQuery,
  type SearchState,
} from './search';
export * from './selectors';
export { apply } from './state';
export { Subscribable } from './store';
export { MAX_HELD } from './thread';
export type { Carried, CarriedFile, KeptFile, UploadSource } from './uploadSource';
export { canDelete, canEdit } from './windows';
export type * from './wire';
export { MAX_CONTENT_CHARS } from './wire';
export * from './uploads';
