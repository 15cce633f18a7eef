/** The pictures of a message. Every box has its size before anything of it has come: nothing moves when it does. */

import { ImageOff } from 'lucide-react';
import { useState } from 'react';

import { safeName } from './files';
import { useSource } from './useSource';

export interface Picture {
  url: string;
  thumbnailUrl: string;
  width: number;
  height: number;
  name: string;
}

const SHOWN = 4;
const MAX_WIDTH_PX = 360;
const MAX_HEIGHT_PX = 400;
const MIN_SIDE_PX = 96;

interface Props {
  pictures: readonly Picture[];
  onOpen: (index: number) => void;
}

export function ImageGrid({ pictures, onOpen }: Props) {
  const shown = pictures.slice(0, SHOWN);
  const hidden = pictures.length - shown.length;
  const [only] = pictures;
  if (only === undefined) return null;
  const alone = pictures.length === 1;
  return (
    <div className="image-grid" data-count={shown.length} style={alone ? boxOf(only) : undefined} role="group" aria-label={alone ? 'Picture' : `${pictures.length} pictures`}>
      {shown.map((picture, index) => (
        <button key={picture.url} type="button" className="image-cell" aria-label={pictureName(picture, index, pictures.length, index === SHOWN - 1 ? hidden : 0)} onClick={() => onOpen(index)}>
          <Thumbnail picture={picture} />
          {hidden > 0 && index === SHOWN - 1 && (
            <span className="image-more" aria-hidden="true">
              +{hidden}
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

/** Fills its box, which must have its size. */
export function Thumbnail({ picture: { thumbnailUrl, width, height } }: { picture: Picture }) {
  const { address, failed } = useSource(thumbnailUrl);
  const [broken, setBroken] = useState<string | null>(null);
  if (failed || (broken !== null && broken === address)) return <ImageOff size={24} strokeWidth={1.5} aria-hidden="true" />;
  if (address === null) return null;
  return <img src={address} alt="" width={width} height={height} loading="lazy" decoding="async" draggable={false} onError={() => setBroken(address)} />;
}

/** Of the button that opens it; `hidden`: how many more it stands for. */
export function pictureName({ name }: Picture, index: number, count: number, hidden = 0): string {
  if (count === 1) return `Open picture ${safeName(name)}`;
  const more = hidden > 0 ? `, and ${hidden} more` : '';
  return `Open picture ${index + 1} of ${count}, ${safeName(name)}${more}`;
}

/** As large as the picture, within bounds; a very long one is cut. */
export function boxOf({ width, height }: Pick<Picture, 'width' | 'height'>): { width: number; aspectRatio: string } {
  const scale = Math.min(1, MAX_WIDTH_PX / Math.max(1, width), MAX_HEIGHT_PX / Math.max(1, height));
  const wide = Math.round(Math.max(MIN_SIDE_PX, width * scale));
  const high = Math.round(Math.max(MIN_SIDE_PX, height * scale));
  return { width: wide, aspectRatio: `${wide} / ${high}` };
}
