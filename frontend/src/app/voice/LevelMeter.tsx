/** The last seconds of the microphone as bars that wander. Drawn on a canvas, so that no frame lays out the page. */

import { useEffect, useRef } from 'react';

const BAR_PX = 3;
const GAP_PX = 2;
const LEAST_PX = 3;

interface Props {
  /** The newest levels, from 0 to 1, at most so many. */
  recent: (count: number) => readonly number[];
  running: boolean;
}

export function LevelMeter({ recent, running }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext('2d') ?? null;
    if (element === null || pen === null) return undefined;
    const sheet = { width: 0, height: 0 };
    const paint = () => draw(pen, sheet, recent);
    const sized = new ResizeObserver(([entry]) => {
      if (entry === undefined) return;
      Object.assign(sheet, { width: entry.contentRect.width, height: entry.contentRect.height });
      fit(element, pen, sheet);
      paint();
    });
    sized.observe(element);
    let frame = 0;
    const next = () => {
      paint();
      frame = requestAnimationFrame(next);
    };
    if (running) frame = requestAnimationFrame(next);
    return () => {
      sized.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [recent, running]);
  return <canvas ref={canvas} className="level-meter" aria-hidden="true" />;
}

interface Sheet {
  width: number;
  height: number;
}

function fit(element: HTMLCanvasElement, pen: CanvasRenderingContext2D, { width, height }: Sheet): void {
  const scale = devicePixelRatio;
  element.width = Math.round(width * scale);
  element.height = Math.round(height * scale);
  pen.scale(scale, scale);
  pen.fillStyle = getComputedStyle(element).color;
}

function draw(pen: CanvasRenderingContext2D, { width, height }: Sheet, recent: Props['recent']): void {
  const count = Math.floor((width + GAP_PX) / (BAR_PX + GAP_PX));
  const levels = recent(count);
  pen.clearRect(0, 0, width, height);
  pen.beginPath();
  for (let index = 0; index < count; index += 1) {
    const level = levels[levels.length - count + index] ?? 0;
    const tall = Math.max(LEAST_PX, level * height);
    pen.roundRect(width - (count - index) * (BAR_PX + GAP_PX) + GAP_PX, (height - tall) / 2, BAR_PX, tall, BAR_PX / 2);
  }
  pen.fill();
}
