/** What others wrote, as it is drawn: letters stay in their line, and no text turns another around. */

/** More marks on one letter than any script needs. */
const MAX_MARKS = 8;
const PILES = new RegExp(`(\\p{M}{${MAX_MARKS}})\\p{M}+`, 'gu');
/** Overrides print letters against their own direction (`exe.gpj`). Embeddings and isolates, which scripts need, stay. */
const OVERRIDES = /[\u202d\u202e]/g;

export function calm(text: string): string {
  return text.replace(OVERRIDES, '').replace(PILES, '$1');
}
