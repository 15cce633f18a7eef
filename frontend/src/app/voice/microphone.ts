/**
 * The browser's side of a recording: microphone, Opus and how loud it is, behind one small object. Whoever opens a
 * `Take` must close it; then the microphone is off, whatever happened before.
 */

import { levelOf } from './levels';
import type { Problem } from './recorder';

/** What of the browser it needs. `window` has it all, on a secure page. */
export interface Devices {
  secure: boolean;
  mediaDevices: Pick<MediaDevices, 'getUserMedia'> | undefined;
  MediaRecorder: (Pick<typeof MediaRecorder, 'isTypeSupported'> & (new (stream: MediaStream, options: MediaRecorderOptions) => MediaRecorder)) | undefined;
  AudioContext: (new () => AudioContext) | undefined;
  /** One recording in all tabs; absent in older browsers. */
  locks: Pick<LockManager, 'request'> | undefined;
}

export class RecordingProblem extends Error {
  constructor(readonly problem: Problem) {
    super(problem);
  }
}

export const OPUS_TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];
const BITS_PER_SECOND = 32_000;
/** What was recorded is handed over so often, so that little is lost with a device. */
const SLICE_MS = 1_000;
const LOCK = 'stockent.recording';
const SOUND = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export function browserDevices(): Devices {
  // Not all browsers, and no page without https, has what the types promise.
  const { navigator, isSecureContext } = window as unknown as { navigator: Partial<Navigator>; isSecureContext: boolean };
  const { MediaRecorder, AudioContext } = window as unknown as Pick<Devices, 'MediaRecorder' | 'AudioContext'>;
  return { secure: isSecureContext, mediaDevices: navigator.mediaDevices, MediaRecorder, AudioContext, locks: navigator.locks };
}

/** What speaks against recording here at all, before anything is asked of the person. */
export function hindranceOf({ secure, mediaDevices, MediaRecorder }: Devices): Problem | null {
  if (!secure) return 'insecure';
  return mediaDevices === undefined || opusTypeOf(MediaRecorder) === null ? 'unsupported' : null;
}

function opusTypeOf(recorder: Devices['MediaRecorder']): string | null {
  return OPUS_TYPES.find((type) => recorder?.isTypeSupported(type)) ?? null;
}

interface Owner {
  /** Aborted when nobody wants it any more. */
  signal: AbortSignal;
  /** It ended by itself: the device is gone. */
  onEnd: () => void;
}

/** Opens the microphone and records. Throws `RecordingProblem`. */
export async function openTake(devices: Devices, { signal, onEnd }: Owner): Promise<Take> {
  const hindrance = hindranceOf(devices);
  if (hindrance !== null) throw new RecordingProblem(hindrance);
  const unlock = await lock(devices.locks);
  // The browser may still be asking: it cannot be told to stop, but others need not wait for its answer.
  signal.addEventListener('abort', unlock);
  try {
    return await begin(devices, await microphone(devices), { onEnd, unlock });
  } catch (error) {
    unlock();
    throw error instanceof RecordingProblem ? error : new RecordingProblem('broken');
  }
}

async function begin(devices: Devices, stream: MediaStream, owner: { onEnd: () => void; unlock: () => void }): Promise<Take> {
  try {
    const take = new Take(devices, stream, owner);
    await take.begun;
    return take;
  } catch (error) {
    stopTracks(stream);
    throw error;
  }
}

export class Take {
  /** Rejects if the browser refuses after all. */
  readonly begun: Promise<void>;
  private readonly ended: Promise<void>;
  private readonly recorder: MediaRecorder;
  private readonly mimeType: string;
  private readonly ear: Ear | null;
  private readonly parts: Blob[] = [];
  private closed = false;

  constructor(
    { MediaRecorder: Recorder, AudioContext }: Devices,
    private readonly stream: MediaStream,
    private readonly owner: { onEnd: () => void; unlock: () => void },
  ) {
    const mimeType = opusTypeOf(Recorder);
    if (Recorder === undefined || mimeType === null) throw new RecordingProblem('unsupported');
    this.mimeType = mimeType;
    this.recorder = new Recorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
    this.recorder.ondataavailable = ({ data }) => {
      if (data.size > 0) this.parts.push(data);
    };
    this.ended = new Promise((resolve) => {
      this.recorder.onstop = () => {
        resolve();
        this.end();
      };
    });
    this.begun = new Promise((resolve, reject) => {
      this.recorder.onstart = () => resolve();
      this.recorder.onerror = () => {
        reject(new RecordingProblem('broken'));
        this.end();
      };
    });
    this.recorder.start(SLICE_MS);
    this.ear = listen(AudioContext, stream);
  }

  level(): number {
    return this.ear?.level() ?? 0;
  }

  pause(): void {
    if (this.recorder.state === 'recording') this.recorder.pause();
  }

  resume(): void {
    if (this.recorder.state === 'paused') this.recorder.resume();
  }

  /** All that was recorded, also when the device is gone. The microphone is off after it. */
  async stop(): Promise<Blob> {
    if (this.recorder.state !== 'inactive') this.recorder.stop();
    await this.ended;
    this.close();
    return new Blob(this.parts, { type: this.mimeType });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.recorder.state !== 'inactive') this.recorder.stop();
    this.ear?.close();
    stopTracks(this.stream);
    this.owner.unlock();
  }

  private end(): void {
    if (!this.closed) this.owner.onEnd();
  }
}

interface Ear {
  level: () => number;
  close: () => void;
}

/** Null where the browser cannot: then it is recorded without being measured. */
function listen(Context: Devices['AudioContext'], stream: MediaStream): Ear | null {
  try {
    return Context === undefined ? null : earOf(new Context(), stream);
  } catch {
    return null;
  }
}

function earOf(context: AudioContext, stream: MediaStream): Ear {
  const analyser = context.createAnalyser();
  analyser.fftSize = 1_024;
  context.createMediaStreamSource(stream).connect(analyser);
  void context.resume();
  const samples = new Float32Array(analyser.fftSize);
  return {
    level: () => {
      analyser.getFloatTimeDomainData(samples);
      return levelOf(samples);
    },
    close: () => void context.close(),
  };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** The way to give it back. */
async function lock(locks: Devices['locks']): Promise<() => void> {
  if (locks === undefined) return () => undefined;
  return new Promise((resolve, reject) => {
    locks
      .request(LOCK, { ifAvailable: true }, (held) => {
        if (held === null) throw new RecordingProblem('another');
        return new Promise<void>((release) => resolve(() => release()));
      })
      .catch(reject);
  });
}

async function microphone({ mediaDevices }: Devices): Promise<MediaStream> {
  if (mediaDevices === undefined) throw new RecordingProblem('unsupported');
  try {
    return await mediaDevices.getUserMedia({ audio: SOUND });
  } catch (error) {
    throw new RecordingProblem(REFUSALS[error instanceof DOMException ? error.name : ''] ?? 'broken');
  }
}

const REFUSALS: Record<string, Problem> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'noDevice',
  OverconstrainedError: 'noDevice',
  NotReadableError: 'busy',
  AbortError: 'busy',
};
