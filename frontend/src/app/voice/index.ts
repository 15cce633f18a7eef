/** Voice messages: recording them in the composer, and playing them in the thread. */

export { clockText, lengthText } from './clockText';
export { Playback, PlaybackContext, usePlayback } from './playback';
export type { Recording } from './recorder';
export { VoiceControl } from './VoiceControl';
export { VoicePlayer } from './VoicePlayer';
