/** What lies over the composer's box while a voice message is made: first the level and the time, then the player. */

import { ChevronLeft, Lock, Mic, Pause, Trash2 } from 'lucide-react';
import { useCallback, useEffect } from 'react';

import { IconButton } from '../parts/Button';
import { clockText } from './clockText';
import { LevelMeter } from './LevelMeter';
import { usePlayback } from './playback';
import { isRunning, recordingOf, type Recording, type RecorderState } from './recorder';
import type { VoiceRecorder } from './VoiceRecorder';
import { VoicePlayer } from './VoicePlayer';
import { secondsLeft } from './words';

const TRACK = 'recording';

interface Props {
  recorder: VoiceRecorder;
  state: RecorderState;
  onDiscard: () => void;
}

export function VoiceBar({ recorder, state, onDiscard }: Props) {
  const recording = recordingOf(state);
  // A finger slides to cancel; while it is asked, the main button does.
  const discardable = state.phase !== 'recording' && state.phase !== 'asking';
  return (
    <div className="voice-bar">
      {discardable && <IconButton icon={Trash2} label="Delete the recording" className="voice-discard" disabled={state.phase === 'sending'} onClick={onDiscard} />}
      {recording ? <Review recording={recording} /> : <Live recorder={recorder} state={state} />}
    </div>
  );
}

function Live({ recorder, state }: Omit<Props, 'onDiscard'>) {
  const recent = useCallback((count: number) => recorder.recent(count), [recorder]);
  if (state.phase === 'asking') return <span className="voice-waiting">Waiting for the microphone…</span>;
  const left = secondsLeft(state);
  const seconds = 'seconds' in state ? state.seconds : 0;
  return (
    <>
      <span className="voice-clock" data-warn={left !== null} role="timer" aria-live="off">
        <i className="voice-dot" aria-hidden="true" />
        {left === null ? clockText(seconds * 1_000) : `${left} s left`}
      </span>
      <LevelMeter recent={recent} running={isRunning(state)} />
      {state.phase === 'recording' && <Hints />}
      {state.phase === 'locked' && <IconButton icon={Pause} label="Pause" className="voice-pause" onClick={() => recorder.pause()} />}
      {state.phase === 'paused' && <IconButton icon={Mic} label="Go on recording" className="voice-pause" onClick={() => recorder.resume()} />}
    </>
  );
}

/** For the finger; those who hear the page were told. */
function Hints() {
  return (
    <>
      <span className="voice-slide" aria-hidden="true">
        <ChevronLeft size={16} strokeWidth={2} />
        Slide to cancel
      </span>
      <span className="voice-lock" aria-hidden="true">
        <Lock size={16} strokeWidth={2} />
      </span>
    </>
  );
}

function Review({ recording: { url, durationMs, waveform } }: { recording: Recording }) {
  const playback = usePlayback();
  useEffect(() => () => playback.forget(TRACK), [playback, url]);
  return <VoicePlayer id={TRACK} src={url} durationMs={durationMs} waveform={waveform} label="Your recording" compact />;
}
