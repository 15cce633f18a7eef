/** Pictures over the whole page: one at a time, by key, mouse and touch. */

import { ChevronLeft, ChevronRight, ImageOff, X, ZoomIn, ZoomOut } from 'lucide-react';
import { use, useEffect, useRef, useState, type KeyboardEvent } from 'react';

import { IconButton } from '../parts/Button';
import { useModal } from '../parts/useModal';
import { DownloadLink } from './DownloadLink';
import { safeName } from './files';
import type { Picture } from './ImageGrid';
import { sizeOf, useGestures } from './useGestures';
import { SourcesContext, useSource } from './useSource';
import { moved, STEP, WHOLE, zoomed, type View } from './zoom';

interface Props {
  pictures: readonly Picture[];
  /** Which one is shown first. */
  start: number;
  onClose: () => void;
}

const PAN_PX = 80;

export function Lightbox({ pictures, start, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const stage = useRef<HTMLDivElement>(null);
  const last = pictures.length - 1;
  const [index, setIndex] = useState(() => Math.min(Math.max(0, start), last));
  const [view, setView] = useState<View>(WHOLE);
  const picture = pictures[index];
  // A button at its end stays, without effect: one that went would take the focus and the keys with it.
  const show = (next: number) => {
    setIndex(Math.min(last, Math.max(0, next)));
    setView(WHOLE);
  };
  const zoom = (factor: number) => setView(zoomed(view, factor, { x: 0, y: 0 }, sizeOf(stage.current)));
  useModal(dialog);
  usePreloaded(pictures[index + 1]?.url, pictures[index - 1]?.url);
  useGestures(stage, {
    view,
    onView: setView,
    onSwipe: (swipe) => {
      if (swipe === 'close') onClose();
      else show(swipe === 'next' ? index + 1 : index - 1);
    },
  });
  if (picture === undefined) return null;

  const pan = (x: number, y: number) => setView(moved(view, { x: x * PAN_PX, y: y * PAN_PX }, sizeOf(stage.current)));
  const close = view.scale > 1;
  const keys: Record<string, (() => void) | undefined> = {
    ArrowLeft: () => (close ? pan(1, 0) : show(index - 1)),
    ArrowRight: () => (close ? pan(-1, 0) : show(index + 1)),
    ArrowUp: close ? () => pan(0, 1) : undefined,
    ArrowDown: close ? () => pan(0, -1) : undefined,
    Home: () => show(0),
    End: () => show(last),
    '+': () => zoom(STEP),
    '=': () => zoom(STEP),
    '-': () => zoom(1 / STEP),
    '0': () => setView(WHOLE),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const name = safeName(picture.name);
  const place = `${index + 1} of ${pictures.length}`;
  return (
    // The keys are those of the buttons in it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={dialog}
      className="lightbox"
      aria-label="Pictures"
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="lightbox-head">
        <p className="lightbox-name" aria-hidden="true">
          {pictures.length > 1 && <span>{place}</span>} <bdi>{name}</bdi>
        </p>
        <p className="visually-hidden" role="status">
          {place}, {name}
        </p>
        <IconButton icon={ZoomOut} label="Zoom out" hint="-" aria-disabled={!close} onClick={() => zoom(1 / STEP)} />
        <IconButton icon={ZoomIn} label="Zoom in" hint="+" onClick={() => zoom(STEP)} />
        <DownloadLink path={picture.url} name={name} label="Download" />
        <IconButton icon={X} label="Close" hint="Esc" data-first-focus onClick={onClose} />
      </header>
      <div ref={stage} className="lightbox-stage" data-close={close}>
        <Shown key={picture.url} picture={picture} name={name} view={view} />
        {last > 0 && (
          <>
            <IconButton icon={ChevronLeft} label="Previous picture" hint="←" className="lightbox-turn lightbox-previous" aria-disabled={index === 0} onClick={() => show(index - 1)} />
            <IconButton icon={ChevronRight} label="Next picture" hint="→" className="lightbox-turn lightbox-next" aria-disabled={index === last} onClick={() => show(index + 1)} />
          </>
        )}
      </div>
    </dialog>
  );
}

/** The small picture stands in for the large one until that has come. */
function Shown({ picture: { url, thumbnailUrl, width, height }, name, view: { scale, x, y } }: { picture: Picture; name: string; view: View }) {
  const [state, setState] = useState<'loading' | 'loaded' | 'failed'>('loading');
  const large = useSource(url);
  const small = useSource(thumbnailUrl);
  if (state === 'failed' || large.failed) {
    return (
      <p className="lightbox-failed" role="alert">
        <ImageOff size={24} strokeWidth={1.5} aria-hidden="true" />
        This picture could not be loaded.
      </p>
    );
  }
  const most = { maxWidth: width, maxHeight: height };
  return (
    <div className="lightbox-picture" style={{ transform: `translate(${x}px, ${y}px) scale(${scale})` }}>
      {state === 'loading' && small.address !== null && <img src={small.address} alt="" style={most} draggable={false} />}
      {large.address !== null && <img src={large.address} alt={name} style={most} draggable={false} onLoad={() => setState('loaded')} onError={() => setState('failed')} />}
    </div>
  );
}

/** The neighbours are there before they are asked for. */
function usePreloaded(...urls: (string | undefined)[]): void {
  const sources = use(SourcesContext);
  const wanted = urls.filter((url) => url !== undefined).join('\n');
  useEffect(() => {
    const near = wanted.split('\n').filter((url) => url !== '');
    const leave = near.map((url) => sources.hold(url));
    if (sources.direct) for (const url of near) new Image().src = url;
    return () => leave.forEach((letGo) => letGo());
  }, [sources, wanted]);
}
