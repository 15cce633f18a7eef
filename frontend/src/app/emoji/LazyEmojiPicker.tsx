import { lazyPart } from '../parts/Lazy';
import type { EmojiPickerProps } from './EmojiPicker';

export const LazyEmojiPicker = lazyPart<EmojiPickerProps>(() => import('./EmojiPicker'), {
  className: 'emoji',
  waiting: <p className="emoji-none">Loading…</p>,
  failed: 'The emoji could not be loaded.',
});
