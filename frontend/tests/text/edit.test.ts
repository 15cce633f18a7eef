/** Formatting as one writes. The selection stands between square brackets, a caret is a bar. */

import { describe, expect, test } from 'vitest';

import { continued, format, type Draft, type Edit, type Format } from '../../src/app/text/edit';

function draft(marked: string): Draft {
  const bar = marked.indexOf('|');
  if (bar !== -1) return { text: marked.replace('|', ''), start: bar, end: bar };
  const start = marked.indexOf('⟦');
  return { text: marked.replace(/[⟦⟧]/g, ''), start, end: marked.indexOf('⟧') - 1 };
}

function after({ text }: Draft, { from, to, insert, start, end }: Edit): string {
  const next = text.slice(0, from) + insert + text.slice(to);
  return start === end ? `${next.slice(0, start)}|${next.slice(start)}` : `${next.slice(0, start)}⟦${next.slice(start, end)}⟧${next.slice(end)}`;
}

const done = (marked: string, what: Format) => after(draft(marked), format(draft(marked), what));

describe('format', () => {
  test.each<[string, Format, string]>([
    ['a ⟦word⟧ b', 'strong', 'a **⟦word⟧** b'],
    ['a **⟦word⟧** b', 'strong', 'a ⟦word⟧ b'],
    ['a ⟦**word**⟧ b', 'strong', 'a ⟦word⟧ b'],
    ['a ⟦word ⟧b', 'em', 'a _⟦word⟧_ b'],
    ['a |', 'strike', 'a ~~|~~'],
    ['a ~~|~~', 'strike', 'a |'],
    ['⟦x⟧', 'code', '`⟦x⟧`'],
    ['⟦- a\n- b⟧', 'strong', '⟦- **a**\n- **b**⟧'],
    ['⟦- **a**\n- **b**⟧', 'strong', '⟦- a\n- b⟧'],
    ['⟦a\n\nb⟧', 'em', '⟦_a_\n\n_b_⟧'],
    ['see ⟦this⟧', 'link', 'see [this](⟦https://⟧)'],
    ['see ⟦https://a.b⟧', 'link', 'see [|](https://a.b)'],
    ['|', 'link', '[|](https://)'],
    ['one\nt|wo', 'bullets', 'one\n- t|wo'],
    ['- t|wo', 'bullets', 't|wo'],
    ['⟦a\nb⟧', 'numbers', '⟦1. a\n2. b⟧'],
    ['⟦- a\n- b⟧', 'numbers', '⟦1. a\n2. b⟧'],
    ['⟦a\nb⟧', 'quote', '⟦> a\n> b⟧'],
    ['a\n⟦b⟧\nc', 'block', 'a\n```\n⟦b⟧\n```\nc'],
  ])('%j %s → %j', (before, what, expected) => {
    expect(done(before, what)).toBe(expected);
  });

  test('what is toggled twice is as it was', () => {
    for (const what of ['strong', 'em', 'strike', 'code', 'bullets', 'quote'] as const) expect(done(done('a ⟦word⟧ b', what), what).replace(/[⟦⟧]/g, '')).toBe('a word b');
  });
});

describe('a new line', () => {
  const line = (marked: string) => {
    const edit = continued(draft(marked));
    return edit === null ? null : after(draft(marked), edit);
  };

  test.each([
    ['- a|', '- a\n- |'],
    ['- a|b', '- a\n- |b'],
    ['9. a|', '9. a\n10. |'],
    ['  * a|', '  * a\n  * |'],
    ['> a|', '> a\n> |'],
    ['- a\n- |', '- a\n|'],
  ])('%j goes on as %j', (before, expected) => {
    expect(line(before)).toBe(expected);
  });

  test.each(['a|', '-a|', '', '```\n- a|', '1) a|'].filter(Boolean))('%j is any line', (before) => {
    expect(line(before)).toBeNull();
  });
});
