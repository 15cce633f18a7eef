/** One to three emoji and nothing else. */

const AT_MOST = 3;
/** The longest emoji (a family with skin tones) has about this many UTF-16 units. */
const MAX_UNITS = 40;
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\u{fe0f}|\p{Emoji}\p{Emoji_Modifier}|\p{Regional_Indicator}{2}|[\d#*]\u{fe0f}?\u{20e3})/u;

export function isOnlyEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > AT_MOST * MAX_UNITS) return false;
  const graphemes = Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(trimmed), ({ segment }) => segment).filter(
    (segment) => segment.trim() !== '',
  );
  return graphemes.length <= AT_MOST && graphemes.every((grapheme) => EMOJI.test(grapheme));
}
