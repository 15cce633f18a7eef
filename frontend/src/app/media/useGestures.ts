import { useEffect, useRef, type RefObject } from 'react';

import { CLOSE_UP, moved, swipeOf, WHOLE, zoomed, type Point, type Size, type Swipe, type View } from './zoom';

interface Gestures {
  view: View;
  onView: (view: View) => void;
  onSwipe: (swipe: NonNullable<Swipe>) => void;
}

const WHEEL_STEP = 0.002;

/** Wheel, double click, drag, swipe and pinch over `stage`. */
export function useGestures(stage: RefObject<HTMLElement | null>, gestures: Gestures): void {
  const latest = useRef(gestures);
  useEffect(() => {
    latest.current = gestures;
  });
  useEffect(() => {
    const element = stage.current;
    if (element === null) return undefined;
    const down = new Map<number, Point>();
    let start: Point | null = null;
    const set = (view: View) => latest.current.onView(view);
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      set(zoomed(latest.current.view, Math.exp(-event.deltaY * WHEEL_STEP), fromMiddle(element, event), sizeOf(element)));
    };
    const onDoubleClick = (event: MouseEvent) => {
      if (isControl(event)) return;
      const { view } = latest.current;
      set(view.scale > 1 ? WHOLE : zoomed(view, CLOSE_UP, fromMiddle(element, event), sizeOf(element)));
    };
    const onDown = (event: PointerEvent) => {
      if (isControl(event) || event.button !== 0) return;
      down.set(event.pointerId, fromMiddle(element, event));
      start = down.size === 1 ? fromMiddle(element, event) : null;
      if ('setPointerCapture' in element) element.setPointerCapture(event.pointerId);
    };
    const onMove = (event: PointerEvent) => {
      const before = down.get(event.pointerId);
      if (before === undefined) return;
      const now = fromMiddle(element, event);
      const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
      down.set(event.pointerId, now);
      const { view } = latest.current;
      if (other !== undefined) set(zoomed(view, distance(now, other) / Math.max(1, distance(before, other)), other, sizeOf(element)));
      else if (view.scale > 1) set(moved(view, { x: now.x - before.x, y: now.y - before.y }, sizeOf(element)));
    };
    const onUp = (event: PointerEvent) => {
      const end = down.get(event.pointerId);
      down.delete(event.pointerId);
      if (end === undefined || start === null || event.type === 'pointercancel' || latest.current.view.scale > 1) return;
      const swipe = swipeOf({ x: end.x - start.x, y: end.y - start.y });
      start = null;
      if (swipe !== null && (swipe !== 'close' || event.pointerType !== 'mouse')) latest.current.onSwipe(swipe);
    };
    const listeners = { dblclick: onDoubleClick, pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onUp };
    element.addEventListener('wheel', onWheel, { passive: false });
    for (const [type, listener] of Object.entries(listeners)) element.addEventListener(type, listener as EventListener);
    return () => {
      element.removeEventListener('wheel', onWheel);
      for (const [type, listener] of Object.entries(listeners)) element.removeEventListener(type, listener as EventListener);
    };
  }, [stage]);
}

export function sizeOf(element: HTMLElement | null): Size {
  return { width: element?.clientWidth ?? 0, height: element?.clientHeight ?? 0 };
}

function fromMiddle(element: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top, width, height } = element.getBoundingClientRect();
  return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function isControl({ target }: Event): boolean {
  return target instanceof Element && target.closest('button, a') !== null;
}
