/**
 * The microphone in the composer. Tap or hold to record; then a bar lies over the composer's box until the message is
 * sent or thrown away. The button stays where it is and means what comes next: record, stop, send.
 */

import { ArrowUp, LoaderCircle, Mic, Square, X, type LucideIcon } from 'lucide-react';
import { use, useEffect, useEffectEvent, useRef, useState, useSyncExternalStore, type KeyboardEvent, type MouseEvent, type PointerEvent, type Ref } from 'react';

import { announce } from '../parts/announcer';
import { Button, IconButton } from '../parts/Button';
import { slideOf, wishOf } from './gesture';
import { browserDevices, type Devices } from './microphone';
import { PlaybackContext } from './playback';
import { isRunning, recordingOf, type Phase, type Recording, type RecorderState } from './recorder';
import { VoiceBar } from './VoiceBar';
import { VoiceRecorder, type Clock } from './VoiceRecorder';
import { HOPELESS, noteOf, saidOf, secondsLeft } from './words';

interface Props {
  /** Resolves when the message is in other hands; rejects if it is not, and the recording is kept. */
  onSend: (recording: Recording) => Promise<void>;
  /** Whether one speaks at this moment, for "is recording a voice message". */
  onActivity?: (recording: boolean) => void;
  /** Whether there is anything that would be lost if this went away. */
  onBusy?: (busy: boolean) => void;
  devices?: Devices;
  clock?: Clock;
}

export function VoiceControl({ onSend, onActivity, onBusy, devices, clock }: Props) {
  const [recorder] = useState(() => new VoiceRecorder(devices ?? browserDevices(), clock));
  const state = useSyncExternalStore(recorder.state.subscribe, recorder.state.get);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => recorder.attach(), [recorder]);
  useTold(recorder);
  useHeard(isRunning(state), onActivity);
  useHeard(isShown(state), onBusy);
  useSilence(isRunning(state));

  const send = () => void recorder.send(onSend);
  const discard = () => {
    recorder.cancel();
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || state.phase === 'idle') return;
    event.preventDefault();
    event.stopPropagation();
    if (state.phase === 'asking') discard();
    // Nothing that was said is lost by a key.
    else recorder.stop();
  };
  const note = noteOf(state);
  return (
    // Escape only hastens what its buttons do.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div className="voice" role="group" aria-label="Voice message" data-phase={state.phase} onKeyDown={onKeyDown}>
      {note !== null && <Note text={note} state={state} onAgain={() => recorder.press(false)} onClose={discard} />}
      {isShown(state) && <VoiceBar recorder={recorder} state={state} onDiscard={discard} />}
      <MainButton recorder={recorder} phase={state.phase} hasRecording={recordingOf(state) !== null} onSend={send} buttonRef={button} />
    </div>
  );
}

function isShown(state: RecorderState): boolean {
  return state.phase !== 'idle' && (state.phase !== 'failed' || state.recording !== null);
}

interface ButtonProps {
  recorder: VoiceRecorder;
  phase: Phase;
  hasRecording: boolean;
  onSend: () => void;
  buttonRef: Ref<HTMLButtonElement>;
}

function MainButton({ recorder, phase, hasRecording, onSend, buttonRef }: ButtonProps) {
  const start = useRef<{ x: number; y: number } | null>(null);
  /** The click that ends a press is no second wish. */
  const pressed = useRef(false);
  const { icon: Icon, label } = hasRecording && phase === 'failed' ? MEANINGS.review : MEANINGS[phase];

  const onPointerDown = (event: PointerEvent<HTMLButtonElement>) => {
    pressed.current = false;
    if (event.button !== 0 || hasRecording || (phase !== 'idle' && phase !== 'failed')) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, y: event.clientY };
    pressed.current = true;
    slide(event.currentTarget, 0);
    recorder.press(true);
  };
  const onPointerMove = (event: PointerEvent<HTMLButtonElement>) => {
    if (start.current === null || phase !== 'recording') return;
    const [dx, dy] = [event.clientX - start.current.x, event.clientY - start.current.y];
    const wish = wishOf(dx, dy);
    slide(event.currentTarget, slideOf(dx));
    if (wish === 'record') return;
    start.current = null;
    if (wish === 'cancel') recorder.cancel();
    else recorder.lock();
  };
  const onPointerUp = () => {
    if (start.current !== null) recorder.letGo();
    start.current = null;
  };
  // The browser took the finger for something else: what is said goes on.
  const onPointerCancel = () => {
    if (start.current !== null) recorder.lock();
    start.current = null;
  };
  const onClick = (event: MouseEvent) => {
    // Keys count no clicks.
    if (pressed.current && event.detail !== 0) {
      pressed.current = false;
      return;
    }
    // The second click of two in haste stops nothing more and sends nothing unheard.
    if (event.detail > 1) return;
    if (hasRecording && phase !== 'sending') onSend();
    else if (phase === 'asking') recorder.cancel();
    else if (phase === 'idle' || phase === 'failed') recorder.press(false);
    else recorder.stop();
  };
  return (
    <button
      ref={buttonRef}
      type="button"
      className="voice-main"
      aria-label={label}
      title={label}
      aria-disabled={phase === 'sending' || phase === 'stopping'}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerCancel}
      onClick={onClick}
      onKeyDown={(event) => {
        if (event.repeat) event.preventDefault();
      }}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon size={18} strokeWidth={2} fill={Icon === Square ? 'currentcolor' : 'none'} aria-hidden="true" />
    </button>
  );
}

const MEANINGS: Record<Phase, { icon: LucideIcon; label: string }> = {
  idle: { icon: Mic, label: 'Record a voice message' },
  failed: { icon: Mic, label: 'Record a voice message' },
  asking: { icon: LoaderCircle, label: 'Cancel' },
  recording: { icon: Mic, label: 'Recording: let go to stop' },
  locked: { icon: Square, label: 'Stop recording' },
  paused: { icon: Square, label: 'Stop recording' },
  stopping: { icon: LoaderCircle, label: 'Stopping' },
  review: { icon: ArrowUp, label: 'Send the voice message' },
  sending: { icon: LoaderCircle, label: 'Sending' },
};

/** The hint follows the finger without React and without layout. */
function slide(button: HTMLElement, px: number): void {
  button.parentElement?.style.setProperty('--slide', `${px}px`);
}

interface NoteProps {
  text: string;
  state: RecorderState;
  onAgain: () => void;
  onClose: () => void;
}

function Note({ text, state, onAgain, onClose }: NoteProps) {
  const failed = state.phase === 'failed';
  const again = failed && state.recording === null && !HOPELESS.includes(state.problem);
  const closable = state.phase === 'idle' || (failed && state.recording === null);
  return (
    <div className="voice-note" data-bad={failed}>
      <p>{text}</p>
      {again && <Button kind="quiet" onClick={onAgain}>Try again</Button>}
      {closable && <IconButton icon={X} label="Dismiss" onClick={onClose} />}
    </div>
  );
}

/** Screen readers hear each change once. */
function useTold(recorder: VoiceRecorder): void {
  useEffect(() => {
    let before = recorder.state.get();
    return recorder.state.subscribe(() => {
      const after = recorder.state.get();
      const warned = secondsLeft(before) === null && secondsLeft(after) !== null;
      const text = after.phase === before.phase ? (warned ? `${secondsLeft(after) ?? 0} seconds left.` : null) : saidOf(before, after);
      before = after;
      if (text !== null) announce(text);
    });
  }, [recorder]);
}

/** True when it begins, false when it ends, also by going away. */
function useHeard(lasts: boolean, listener: ((lasts: boolean) => void) | undefined): void {
  const tell = useEffectEvent((lastsNow: boolean) => listener?.(lastsNow));
  useEffect(() => {
    if (!lasts) return undefined;
    tell(true);
    return () => tell(false);
  }, [lasts]);
}

/** The microphone shall not hear what is played. */
function useSilence(running: boolean): void {
  const playback = use(PlaybackContext);
  useEffect(() => {
    if (running) playback?.pause();
  }, [running, playback]);
}
