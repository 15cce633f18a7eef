/** The client library without React. */

export { Api, type ApiOptions, type ListQuery, type PageQuery, type TokenSource } from './api';
export { MessagingClient, type MessagingClientOptions } from './client';
export { newClientId } from './clientId';
export { isAuthError, MessagingError, toMessagingError, type FieldError } from './errors';
export { readSeqOf } from './log';
export * from './model';
export * from './selectors';
export { apply } from './state';
export { Subscribable } from './store';
export type * from './wire';
export { MAX_CONTENT_CHARS } from './wire';
export * from './uploads';
