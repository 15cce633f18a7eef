/** Which emoji this device can draw: one of each version is tried on a canvas. */

const SIZE = 4;

type Draws = (emoji: string) => boolean;

/** Of these, newest version first, the first whose sample is drawn; the newest where nothing can be tried. */
export function newestDrawn(samples: ReadonlyMap<number, string>, draws: Draws | null = drawing()): number {
  const versions = [...samples.keys()].sort((a, b) => b - a);
  return versions.find((version) => draws === null || draws(samples.get(version) ?? '')) ?? versions[0] ?? 0;
}

/** An emoji is seen, keeps its colours whatever colour it is written in, and is one glyph wide. Null: no canvas to try on. */
export function drawing(): Draws | null {
  const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  if (context === null) return null;
  context.canvas.width = SIZE;
  context.canvas.height = SIZE;
  context.font = `${SIZE}px 'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji', sans-serif`;
  context.textBaseline = 'middle';
  const pixels = (text: string, colour: string) => {
    context.clearRect(0, 0, SIZE, SIZE);
    context.fillStyle = colour;
    context.fillText(text, 0, SIZE / 2);
    return context.getImageData(0, 0, SIZE, SIZE).data.join();
  };
  const nothing = pixels('', '#00f');
  return (emoji) => {
    const blue = pixels(emoji, '#00f');
    return blue !== nothing && blue === pixels(emoji, '#f00') && context.measureText(emoji).width < SIZE * 2;
  };
}
