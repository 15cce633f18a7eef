/** Text as it was written, with web addresses as links. Nothing in it is markup. */

import { Fragment, memo } from 'react';

const ADDRESS = /https?:\/\/[^\s<>"']+/g;
const TRAILING = /[.,:;!?)\]}]+$/;

export const MessageText = memo(function MessageText({ text }: { text: string }) {
  return (
    <>
      {partsOf(text).map((part, index) =>
        part.link ? (
          <a key={index} href={part.text} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ) : (
          <Fragment key={index}>{part.text}</Fragment>
        ),
      )}
    </>
  );
});

interface Part {
  text: string;
  link: boolean;
}

export function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, '');
    if (!URL.canParse(address)) continue;
    if (match.index > end) parts.push({ text: text.slice(end, match.index), link: false });
    parts.push({ text: address, link: true });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ text: text.slice(end), link: false });
  return parts;
}
