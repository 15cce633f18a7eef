// @vitest-environment jsdom
/** A message as it is drawn: elements of ours, and nothing that somebody wrote. */

import { cleanup, render } from '@testing-library/react';
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';

import { MessageText } from '../../src/app/text/MessageText';

afterEach(cleanup);

const drawn = (text: string, mentions = [{ id: 'me', name: 'Ana' }]) => render(<MessageText text={text} mentions={mentions} me="me" />).container;

test('links lead out of the page without a word about it', () => {
  const link = drawn('[offer](https://example.com/o)').querySelector('a');
  expect(link?.outerHTML).toBe('<a href="https://example.com/o" target="_blank" rel="noopener noreferrer nofollow" title="https://example.com/o">offer</a>');
});

test('formatting is elements that screen readers know', () => {
  const tags = [...drawn('**a** _b_ ~~c~~ `d`\n- e\n1. f\n> g\n```\nh\n```').querySelectorAll('*')].map(({ tagName }) => tagName);
  for (const tag of ['STRONG', 'EM', 'S', 'CODE', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'PRE']) expect(tags).toContain(tag);
});

test('numbers are those that were written', () => {
  expect([...drawn('3. a\n7. b').querySelectorAll('li')].map(({ value }) => value)).toEqual([3, 7]);
});

test('a mention of oneself is marked, of a stranger it is text', () => {
  const container = drawn('@Ana and @Ben');
  expect([...container.querySelectorAll('.mention')].map((chip) => [chip.textContent, chip.getAttribute('data-own')])).toEqual([['@Ana', 'true']]);
});

test('a few emoji are large, and with words they are not', () => {
  expect(drawn('🎉👍').querySelector('[data-large]')).not.toBeNull();
  expect(drawn('ok 👍').querySelector('[data-large]')).toBeNull();
});

test('whatever is written, nothing comes of it but elements and attributes of ours', () => {
  const pieces = ['<img src=x onerror=alert(1)>', '<script>', '[a](javascript:x)', '[a](https://b.c/"onclick=x)', '**', '`', '\n- ', '> ', '"', "'", '&lt;', '@Ana', '\u202e', '\u0000'];
  const allowed = ['href', 'target', 'rel', 'title', 'class', 'dir', 'value', 'tabindex', 'role', 'aria-label', 'data-words', 'data-own', 'data-large'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 20 }), (parts) => {
      const container = drawn(parts.join(''));
      for (const element of container.querySelectorAll('*')) {
        expect(['DIV', 'P', 'STRONG', 'EM', 'S', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'A', 'SPAN']).toContain(element.tagName);
        for (const name of element.getAttributeNames()) expect(allowed).toContain(name);
        if (element.hasAttribute('href')) expect(element.getAttribute('href')).toMatch(/^https:\/\/b\.c\//);
      }
      cleanup();
    }),
    { numRuns: 200 },
  );
});
