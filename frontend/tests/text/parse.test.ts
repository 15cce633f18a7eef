/** What formatting means, and what stays the text it is. */

import { describe, expect, test } from 'vitest';

import { wordsOf, type Block, type Inline } from '../../src/app/text/ast';
import { calm } from '../../src/app/text/calm';
import { isOnlyEmoji } from '../../src/app/text/onlyEmoji';
import { parse } from '../../src/app/text/parse';
import { plainText } from '../../src/app/text/plainText';
import { toHtml } from '../../src/app/text/toHtml';

/** Formatting in short: what a reader sees, as the HTML of the clipboard. */
const html = (text: string) => toHtml(parse(text));
const isPlain = (text: string) => {
  expect(parse(text)).toEqual([{ kind: 'paragraph', children: [{ kind: 'text', text }] }]);
};

describe('marks', () => {
  test.each([
    ['**bold**', '<strong>bold</strong>'],
    ['*italic* and _italic_', '<em>italic</em> and <em>italic</em>'],
    ['~~gone~~', '<s>gone</s>'],
    ['`code`', '<code>code</code>'],
    ['***both***', '<strong><em>both</em></strong>'],
    ['**bold _and italic_**', '<strong>bold <em>and italic</em></strong>'],
    ['(**in brackets**), “*in quotes*”!', '(<strong>in brackets</strong>), “<em>in quotes</em>”!'],
    ['**one\ntwo**', '<strong>one<br>two</strong>'],
    ['这是**重要**的', '这是<strong>重要</strong>的'],
    ['👍*yes*👍', '👍<em>yes</em>👍'],
    ['*an _ that is none*', '<em>an _ that is none</em>'],
    ['``a ` in it``', '<code>a ` in it</code>'],
    ['`**not bold**`', '<code>**not bold**</code>'],
  ])('%s', (text, expected) => {
    expect(html(text)).toBe(`<p>${expected}</p>`);
  });

  test.each([
    'snake_case_name and other_name_here',
    '2*3*4 = 24, 5 * 6 * 7',
    '/var/log/_cache_/x and C:\\_temp\\*.* and src/**/*.ts',
    '*.txt and *.csv',
    'f(*args, **kwargs)',
    '__init__ and __main__.py',
    '¯\\_(ツ)_/¯',
    '**open, and *never closed',
    '****',
    '** spaced **',
    '~5 kg, ~/home',
    'a ` backtick',
    '**a\n\nb**',
    'Price <b>100</b> & more',
  ])('prose stays prose: %s', (text) => isPlain(text));

  test('a mark that crosses another is text', () => {
    expect(html('**a _b** c_')).toBe('<p><strong>a _b</strong> c_</p>');
  });
});

describe('blocks', () => {
  test.each([
    ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['3. c\n4. d', '<ol start="3"><li>c</li><li>d</li></ol>'],
    ['- a\n  more\n  - inner\n- b', '<ul><li>a<br>more<ul><li>inner</li></ul></li><li>b</li></ul>'],
    ['> said\n> **loud**\nanswer', '<blockquote><p>said<br><strong>loud</strong></p></blockquote><p>answer</p>'],
    ['```js\nlet a = **1**;\n\n- b\n```\nafter', '<pre><code>let a = **1**;\n\n- b</code></pre><p>after</p>'],
    ['````\n```\n````', '<pre><code>```</code></pre>'],
    ['a\n\n\nb', '<p>a<br><br><br>b</p>'],
  ])('%j', (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  test.each(['-5 degrees', '-', '>5 kg', '>', '1.5 t', '```\nnever closed', '2) two', '— Ana'])('prose stays prose: %j', (text) => isPlain(text));

  test('what is nested too deeply is text', () => {
    expect(html('> > > > > deep')).toBe(`${'<blockquote>'.repeat(4)}<p>&gt; deep</p>${'</blockquote>'.repeat(4)}`);
  });
});

const links = (text: string): string[] => linksOf(parse(text));

function linksOf(blocks: readonly Block[]): string[] {
  const inline = (node: Inline): string[] => {
    if (node.kind === 'link') return [node.href];
    return 'children' in node ? node.children.flatMap(inline) : [];
  };
  return blocks.flatMap((block) => {
    if (block.kind === 'paragraph') return block.children.flatMap(inline);
    if (block.kind === 'quote') return linksOf(block.children);
    return block.kind === 'list' ? block.items.flatMap((item) => linksOf(item.children)) : [];
  });
}

describe('links', () => {
  test.each([
    ['See https://example.com/a_b_c?d=1.', 'https://example.com/a_b_c?d=1'],
    ['(https://example.com/x)', 'https://example.com/x'],
    ['https://en.wikipedia.org/wiki/Foo_(bar), and', 'https://en.wikipedia.org/wiki/Foo_(bar)'],
    ['**https://example.com**', 'https://example.com/'],
    ['https://example.com。谢谢', 'https://example.com/'],
    ['[our **offer**](https://example.com/o)', 'https://example.com/o'],
    ['[offer.pdf](https://example.com/1)', 'https://example.com/1'],
    ['[www.example.com](https://example.com/1)', 'https://example.com/1'],
    ['write to first.last@example.co.uk.', 'mailto:first.last@example.co.uk'],
    ['mailto:a@example.com', 'mailto:a@example.com'],
  ])('%s', (text, href) => {
    expect(links(text)).toEqual([href]);
  });

  test.each([
    '[a](javascript:alert(1))',
    '[a](JaVa\tScript:alert(1))',
    '[a](data:text/html,x)',
    '[a](vbscript:x)',
    '[a](//example.com)',
    '[a](/path)',
    'javascript:alert(1)',
    'https://',
    'https://user:pass@example.com',
    'https://bank.com@evil.com/',
    '[a](https://bank.com@evil.com)',
    'xhttps://example.com',
    'a@b',
    '[a]\n(https:/x)',
  ])('inert: %j', (text) => {
    expect(links(text)).toEqual([]);
    expect(parse(text).flatMap((block) => (block.kind === 'paragraph' ? [wordsOf(block.children)] : []))).toEqual([text]);
  });
});

test('a label that names another place is no label: what is there to be followed is there to be read', () => {
  for (const label of ['https://bank.com', 'bank.com/login', 'www.bank.com', ' ']) {
    const text = `[${label}](https://evil.com)`;
    expect(links(text)).toContain('https://evil.com/');
    expect(wordsOf(parse(text).flatMap((block) => (block.kind === 'paragraph' ? block.children : [])))).toBe(text);
  }
});

describe('mentions', () => {
  const people = [
    { id: '1', name: 'Ana' },
    { id: '2', name: 'Ana Lima' },
    { id: '3', name: '李' },
  ];
  const mentioned = (text: string) =>
    parse(text, people).flatMap((block) => (block.kind === 'paragraph' ? block.children : [])).flatMap((node) => (node.kind === 'mention' ? [node.id] : []));

  test('the longest name counts, and only as a whole word', () => {
    expect(mentioned('@Ana Lima and @Ana, @李!')).toEqual(['2', '1', '3']);
    expect(mentioned('@Anabel, x@Ana, @Ben')).toEqual([]);
  });

  test('not inside code', () => {
    expect(mentioned('`@Ana`')).toEqual([]);
  });
});

test('one to three emoji stand alone, and nothing else does', () => {
  for (const text of ['👍', '👍🏽 🎉', '👩‍👩‍👧‍👦🇩🇪❤️', '1️⃣']) expect(isOnlyEmoji(text), text).toBe(true);
  for (const text of ['', '👍👍👍👍', 'ok 👍', '1', '#', '12', '©']) expect(isOnlyEmoji(text), text).toBe(false);
});

test('a line for the list has no marks and no breaks', () => {
  expect(plainText('**Hi** _there_\n\n- `a`\n- [b](https://example.com)\n> q')).toBe('Hi there • a • b q');
  expect(plainText('word '.repeat(10_000)).length).toBeLessThan(500);
});

test('overrides and piles of marks are gone from what is drawn, and what scripts need is not', () => {
  expect(calm('a\u202egpj.exe')).toBe('agpj.exe');
  expect(calm(`e${'\u0301'.repeat(1_000_000)}`).length).toBe(9);
  for (const text of ['שָׁלוֹם', 'कृष्ण', 'ก็', '👩‍🌾❤️', '\u2067abc\u2069']) expect(calm(text)).toBe(text);
});
