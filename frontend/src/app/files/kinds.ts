/** What is shown of a message's files: pictures together, then the others, each by its kind. Pure. */

import type { ReadyFile } from '../../client';
import { boxOf, type Picture } from '../media/ImageGrid';

export interface Shown {
  pictures: Picture[];
  voices: ReadyFile[];
  files: ReadyFile[];
}

export function sorted(attachments: readonly ReadyFile[]): Shown {
  const pictures = attachments.flatMap((attachment) => pictureOf(attachment) ?? []);
  const others = attachments.filter((attachment) => pictureOf(attachment) === null);
  return {
    pictures,
    voices: others.filter(({ kind }) => kind === 'VOICE'),
    files: others.filter(({ kind }) => kind !== 'VOICE'),
  };
}

/** Null for what cannot be shown as a picture: its size or its small picture is missing. */
export function pictureOf({ kind, url, thumbnailUrl, width, height, name }: ReadyFile): Picture | null {
  if (kind !== 'IMAGE' || width === null || height === null) return null;
  return { url, thumbnailUrl: thumbnailUrl ?? url, width, height, name };
}

const GRID_PX = [0, 0, 180, 240, 360] as const;
const CARD_PX = 56;
const VOICE_PX = 52;
const GAP_PX = 4;

/** About as high as they will stand in a message: a good guess keeps the scroll bar still. */
export function filesHeight(attachments: readonly ReadyFile[]): number {
  if (attachments.length === 0) return 0;
  const { pictures, voices, files } = sorted(attachments);
  const parts = [...voices.map(() => VOICE_PX), ...files.map(() => CARD_PX), ...(pictures.length > 0 ? [gridHeight(pictures)] : [])];
  return parts.reduce((sum, part) => sum + part + GAP_PX, 0);
}

function gridHeight(pictures: readonly Picture[]): number {
  const [only] = pictures;
  if (pictures.length > 1 || only === undefined) return GRID_PX[Math.min(pictures.length, 4)] ?? 0;
  const [, height = 0] = boxOf(only).aspectRatio.split(' / ').map(Number);
  return height;
}
