/** What jsdom lacks of a browser: events of pointers and their capture, canvases, addresses of blobs. */

import { vi } from 'vitest';

class PointerEventHere extends MouseEvent {
  readonly pointerId: number;

  constructor(type: string, init: PointerEventInit = {}) {
    super(type, init);
    this.pointerId = init.pointerId ?? 1;
  }
}

/** Returns the addresses of blobs that are in use. Undone by `vi.unstubAllGlobals` and `vi.restoreAllMocks`. */
export function completeJsdom(): Set<string> {
  const urls = new Set<string>();
  const captured = new WeakMap<Element, number>();
  let made = 0;
  vi.stubGlobal('PointerEvent', PointerEventHere);
  Object.assign(Element.prototype, {
    setPointerCapture(this: Element, id: number) {
      captured.set(this, id);
    },
    hasPointerCapture(this: Element, id: number) {
      return captured.get(this) === id;
    },
  });
  HTMLCanvasElement.prototype.getContext = () => null;
  URL.createObjectURL = () => {
    const url = `blob:${String((made += 1))}`;
    urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => urls.delete(url);
  return urls;
}
