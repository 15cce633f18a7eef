/** A face: the picture, or initials on a colour that belongs to the id. Decoration: the name stands beside it. */

import { useState } from 'react';

import { initialsOf, toneOf } from '../format';

const TONES = 8;

interface Props {
  id: string;
  name: string;
  url?: string | null;
  size?: 'xs' | 's' | 'm' | 'l';
}

export function Avatar({ id, name, url = null, size = 'm' }: Props) {
  const [broken, setBroken] = useState<string | null>(null);
  if (url !== null && url !== broken) {
    return <img className={`avatar avatar-${size}`} src={url} alt="" loading="lazy" onError={() => setBroken(url)} />;
  }
  return (
    <span className={`avatar avatar-${size}`} data-tone={toneOf(id, TONES)} data-initials={initialsOf(name)} aria-hidden="true" />
  );
}
