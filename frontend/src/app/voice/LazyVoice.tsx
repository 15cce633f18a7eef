/** The recorder and the player, fetched when a composer or a voice message is first shown. In their places nothing moves. */

import { Mic } from 'lucide-react';
import type { ComponentProps } from 'react';

import { lazyPart } from '../parts/Lazy';
import type { VoiceControl } from './VoiceControl';
import type { VoicePlayer } from './VoicePlayer';

export const LazyVoiceControl = lazyPart<ComponentProps<typeof VoiceControl>>(async () => ({ default: (await import('./VoiceControl')).VoiceControl }), {
  className: 'voice-soon',
  waiting: <Mic size={18} strokeWidth={2} aria-hidden="true" />,
  failed: 'The recorder could not be loaded.',
});

export const LazyVoicePlayer = lazyPart<ComponentProps<typeof VoicePlayer>>(async () => ({ default: (await import('./VoicePlayer')).VoicePlayer }), {
  className: 'voice-player',
  waiting: null,
  failed: 'The player could not be loaded.',
});
