/** A subject's picture, in a frame of known size; a plain box where there is none or it does not load. */

import { Package } from 'lucide-react';
import { useState } from 'react';

export function SubjectPicture({ url, large = false }: { url: string | null; large?: boolean }) {
  const [broken, setBroken] = useState<string | null>(null);
  const className = large ? 'subject-picture subject-picture-large' : 'subject-picture';
  if (url === null || url === broken) {
    return (
      <span className={className}>
        <Package size={large ? 32 : 20} strokeWidth={1.25} aria-hidden="true" />
      </span>
    );
  }
  return <img className={className} src={url} alt="" loading="lazy" onError={() => setBroken(url)} />;
}
