// @vitest-environment jsdom
/** Formatting that leaves by copy and comes by paste. */

import { cleanup, render } from '@testing-library/react';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';

import { copied, copiedFrom, fromHtml } from '../../src/app/text/clipboard';
import { MessageText } from '../../src/app/text/MessageText';
import { parse } from '../../src/app/text/parse';

afterEach(cleanup);

describe('paste', () => {
  test.each([
    ['a web page', '<p>One <b>bold</b> and <i>italic</i> word.</p><p>Two</p>', 'One **bold** and _italic_ word.\n\nTwo'],
    ['a list', '<ul><li>a</li><li>b <ul><li>c</li></ul></li></ul>', '- a\n- b\n  - c'],
    ['a numbered list', '<ol start="3"><li>a</li><li><p>b</p></li></ol>', '3. a\n4. b'],
    ['a link', 'See <a href="https://example.com/x">our offer</a>.', 'See [our offer](https://example.com/x).'],
    ['code', '<p>Run <code>make test</code></p><pre>a\n  b\n</pre>', 'Run `make test`\n```\na\n  b\n```'],
    ['a quote', '<blockquote><p>Said</p></blockquote>answer', '> Said\nanswer'],
    ['a heading', '<h1>Terms</h1><p>Net 30</p>', '**Terms**\n\nNet 30'],
    ['spaces at a mark’s edge', '<p>a<b> bold </b>b</p>', 'a **bold** b'],
    ['a part of a word', '<p>un<b>believ</b>able, <b>so</b></p>', 'unbelievable, **so**'],
    ['marks in marks', '<p><b>a <i>b</i></b><b> c</b></p>', '**a _b_ c**'],
    ['an editor’s spans', '<b style="font-weight:normal"><span style="font-weight:700">Total</span> 5</b>', '**Total** 5'],
    ['a table', '<table><tr><th>Item</th><th>Price</th></tr><tr><td>Coil</td><td>5</td></tr></table>', '**Item**\t**Price**\nCoil\t5'],
    [
      'a word processor’s list',
      `<p class=MsoListParagraphCxSpFirst style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>·<span>&nbsp;&nbsp;</span></span><![endif]>First</p>
       <p class=MsoListParagraphCxSpLast style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>·</span>Second</p>
       <p class=MsoNormal>After<o:p></o:p></p>`,
      '- First\n- Second\nAfter',
    ],
  ])('%s', (_, html, expected) => {
    expect(fromHtml(html)).toBe(expected);
  });

  test('what has no formatting is left to the plain paste', () => {
    for (const html of ['', '<div style="white-space: pre">let a;<span style="color:red">x</span></div>', '<p>a</p><p>b</p>', '<a href="https://a.b/">https://a.b/</a>']) {
      expect(fromHtml(html)).toBeNull();
    }
  });

  test('too much is left to the plain paste too', () => {
    expect(fromHtml(`<b>${'a'.repeat(1_000_000)}</b>`)).toBeNull();
  });

  test('scripts, styles, pictures and hidden text are nothing, and a bad address is only its words', () => {
    const hostile =
      '<style>p{}</style><script>window.hit = 1</script><img src="x" onerror="window.hit = 1"><svg><script>window.hit = 1</script></svg>' +
      '<p hidden style="display:none">secret</p><b>seen</b> <a href="javascript:alert(1)">click</a> <a href=" java&#9;script:alert(1)">me</a>';
    expect(fromHtml(hostile)).toBe('**seen** click me');
    expect('hit' in window).toBe(false);
  });

  test('a pile of backticks is code like any other', () => {
    expect(fromHtml(`<pre>${'` '.repeat(200_000)}</pre>`)).toMatch(/^```\n/);
  });

  test('nesting without end is only text', () => {
    expect(fromHtml(`${'<b><i>'.repeat(2_000)}deep`)).toContain('deep');
    expect(fromHtml('<ul><li>x'.repeat(300))).toContain('x');
  });
});

function thread(...texts: string[]) {
  const { container } = render(
    <div>
      {texts.map((text, index) => (
        <article key={index} aria-label={index % 2 === 0 ? 'Ana' : 'You'}>
          <MessageText text={text} after={<span data-aside="">edited</span>} />
        </article>
      ))}
    </div>,
  );
  return container;
}

function selected(node: Node, start = 0, end: Node = node, offset = end.nodeValue?.length ?? end.childNodes.length): Range {
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(end, offset);
  return range;
}

describe('copy', () => {
  test('a whole message is its text again, and HTML', () => {
    const text = '**Offer** for _you_:\n\n\n\nas said\n- `a`\n- b\n> https://example.com/\n```\ncode\n```';
    const root = thread(text);
    expect(copiedFrom(root, selected(root))).toEqual(copied(text));
  });

  test('a part of a bold word is bold, and a part of one item is no list', () => {
    const root = thread('**bold words**\n- an item');
    const bold = root.querySelector('strong')?.firstChild;
    const item = root.querySelector('li p')?.firstChild;
    if (!bold || !item) throw new Error('expected bold text and an item');
    expect(copiedFrom(root, selected(bold, 5))?.text).toBe('**words**');
    expect(copiedFrom(root, selected(item, 3))).toEqual({ text: 'item', html: '<p>item</p>' });
  });

  test('several messages say whose each is', () => {
    const root = thread('one\ntwo', '**three**');
    expect(copiedFrom(root, selected(root))?.text).toBe('Ana:\none\ntwo\n\nYou:\n**three**');
  });

  test('where no message is selected the browser copies as it does', () => {
    const root = thread('one');
    const beside = document.createElement('p');
    beside.textContent = 'beside';
    document.body.append(beside);
    expect(copiedFrom(root, selected(beside))).toBeNull();
  });

  test('copied and pasted it means the same', () => {
    const words = fc.constantFrom('one', 'two words', '李明', 'snake_case');
    const part = fc.tuple(words, fc.constantFrom('', '**', '_', '~~', '`')).map(([text, mark]) => mark + text + mark);
    const line = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' '));
    const block = fc.tuple(line, line, fc.constantFrom('', '- ', '> ')).map(([a, b, prefix]) => `${prefix}${a}\n${prefix}${b}`);
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 3 }), (blocks) => {
        const text = `**start**\n${blocks.join('\n\n')}`;
        expect(parse(fromHtml(copied(text).html) ?? '')).toEqual(parse(text));
        const root = thread(text);
        expect(parse(copiedFrom(root, selected(root))?.text ?? '')).toEqual(parse(text));
        cleanup();
      }),
      { numRuns: 100 },
    );
  });
});
