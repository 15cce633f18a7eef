/**
 * Where a mark may open and close. Stricter than CommonMark: never inside a word, so that `snake_case`, `2*3*4`, file
 * paths and globs stay as they were written. Scripts that write without spaces have no inside.
 */

const UNSPACED =
  '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const PICTURES = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Variation_Selector}';

const BEFORE_OPENING = new RegExp(`[\\s\\p{Ps}\\p{Pi}\\p{Pd}"'*_~:;,!?…¡¿|>。，、；：！？${PICTURES}${UNSPACED}]`, 'u');
const NOT_AFTER_OPENING = /[\s.,;:!?/\\)\]}]/u;
const AFTER_CLOSING = new RegExp(`(?![/\\\\@#&%])[\\s\\p{P}|<~${PICTURES}${UNSPACED}]`, 'u');

/** `before` and `after`: the characters beside the mark, empty at the ends of the text. */
export function mayOpen(before: string, after: string): boolean {
  return after !== '' && !NOT_AFTER_OPENING.test(after) && (before === '' || BEFORE_OPENING.test(before));
}

export function mayClose(before: string, after: string): boolean {
  return before !== '' && !/\s/u.test(before) && (after === '' || AFTER_CLOSING.test(after));
}

export function charBefore(text: string, at: number): string {
  const unit = text.charAt(at - 1);
  return /[\udc00-\udfff]/.test(unit) && at > 1 ? text.slice(at - 2, at) : unit;
}

export function charAfter(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? '' : String.fromCodePoint(point);
}
