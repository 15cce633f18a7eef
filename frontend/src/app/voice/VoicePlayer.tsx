/** A voice message to listen to: play, the line to seek on, how far it is, and how fast. */

import { LoaderCircle, Pause, Play, RotateCw } from 'lucide-react';
import { useEffect, useRef, useState, useSyncExternalStore, type CSSProperties, type KeyboardEvent, type PointerEvent } from 'react';

import { announce } from '../parts/announcer';
import { clockText, lengthText } from './clockText';
import { usePlayback, usePlayed, type PlayStatus, type Playback, type Track } from './playback';
import { Waveform } from './Waveform';

const STEP_MS = 5_000;

interface Props {
  /** The attachment's; the same one is played wherever it is shown. */
  id: string;
  src: string;
  durationMs: number;
  /** From 0 to 100 each. */
  waveform: readonly number[];
  label?: string;
  /** In one row, for where there is little room. */
  compact?: boolean;
}

export function VoicePlayer({ id, src, durationMs, waveform, label = 'Voice message', compact = false }: Props) {
  const playback = usePlayback();
  const track = { id, url: src, durationMs };
  const { status, placeMs } = usePlayed(playback, track);
  const [draggedMs, setDraggedMs] = useState<number | null>(null);
  const shownMs = draggedMs ?? placeMs;
  const failed = status === 'failed';
  useEffect(() => {
    if (failed) announce('The voice message could not be played.');
  }, [failed]);
  return (
    <div className="voice-player" role="group" aria-label={`${label}, ${lengthText(durationMs)}`} data-compact={compact} data-status={status}>
      <PlayButton status={status} onClick={() => playback.toggle(track)} />
      <Seek playback={playback} track={track} waveform={waveform} shownMs={shownMs} running={status === 'playing' && draggedMs === null} onDrag={setDraggedMs} />
      <span className="voice-time">{failed ? 'Could not be played' : `${clockText(shownMs)} / ${lengthText(durationMs)}`}</span>
      {!compact && <Speed playback={playback} />}
    </div>
  );
}

const BUTTONS = {
  idle: { icon: Play, label: 'Play' },
  paused: { icon: Play, label: 'Play' },
  playing: { icon: Pause, label: 'Pause' },
  loading: { icon: LoaderCircle, label: 'Pause' },
  failed: { icon: RotateCw, label: 'Try again' },
} satisfies Record<PlayStatus, object>;

function PlayButton({ status, onClick }: { status: PlayStatus; onClick: () => void }) {
  const { icon: Icon, label } = BUTTONS[status];
  const filled = label === 'Play' || Icon === Pause;
  return (
    <button type="button" className="voice-play" aria-label={label} title={label} aria-busy={status === 'loading'} onClick={onClick}>
      <Icon size={18} strokeWidth={filled ? 1.5 : 2} fill={filled ? 'currentcolor' : 'none'} aria-hidden="true" />
    </button>
  );
}

function Speed({ playback }: { playback: Playback }) {
  const rate = useSyncExternalStore(playback.rate.subscribe, playback.rate.get);
  return (
    <button type="button" className="voice-speed" aria-label={`Speed ${rate}×`} title="Speed" onClick={() => playback.nextRate()}>
      {rate}×
    </button>
  );
}

interface SeekProps {
  playback: Playback;
  track: Track;
  waveform: readonly number[];
  shownMs: number;
  running: boolean;
  onDrag: (toMs: number | null) => void;
}

function Seek({ playback, track, waveform, shownMs, running, onDrag }: SeekProps) {
  const line = useRef<HTMLDivElement>(null);
  const { id, url, durationMs } = track;
  useEffect(() => {
    if (!running) return undefined;
    let frame = 0;
    const draw = () => {
      line.current?.style.setProperty('--played', String(ratio(playback.placeOf({ id, url, durationMs }), durationMs)));
      frame = requestAnimationFrame(draw);
    };
    frame = requestAnimationFrame(draw);
    return () => cancelAnimationFrame(frame);
  }, [running, playback, id, url, durationMs]);

  const msAt = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return width === 0 ? 0 : Math.min(1, Math.max(0, (event.clientX - left) / width)) * durationMs;
  };
  const holds = (event: PointerEvent<HTMLElement>) => event.currentTarget.hasPointerCapture(event.pointerId);
  const onKeyDown = (event: KeyboardEvent) => {
    const targets: Record<string, number | undefined> = {
      ArrowRight: shownMs + STEP_MS,
      ArrowUp: shownMs + STEP_MS,
      ArrowLeft: shownMs - STEP_MS,
      ArrowDown: shownMs - STEP_MS,
      Home: 0,
      End: durationMs,
    };
    const target = targets[event.key];
    if (target === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    playback.seek(track, target);
  };
  return (
    <div
      ref={line}
      className="voice-seek"
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={Math.round(durationMs / 1_000)}
      aria-valuenow={Math.floor(shownMs / 1_000)}
      aria-valuetext={`${clockText(shownMs)} of ${lengthText(durationMs)}`}
      style={{ '--played': ratio(shownMs, durationMs) } as CSSProperties}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        onDrag(msAt(event));
      }}
      onPointerMove={(event) => {
        if (holds(event)) onDrag(msAt(event));
      }}
      onPointerUp={(event) => {
        if (holds(event)) playback.seek(track, msAt(event));
        onDrag(null);
      }}
      onPointerCancel={() => onDrag(null)}
    >
      <Waveform values={waveform} />
    </div>
  );
}

function ratio(ms: number, durationMs: number): number {
  return durationMs <= 0 ? 0 : Math.min(1, ms / durationMs);
}
