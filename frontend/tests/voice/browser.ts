/**
 * The browser's devices as they behave, without devices: a microphone that can be refused or unplugged, a MediaRecorder
 * that keeps the order of its events, one lock for all tabs, and a clock that runs when it is told to.
 */

import type { Clock } from '../../src/app/voice/VoiceRecorder';
import type { Devices } from '../../src/app/voice/microphone';

export class FakeTrack {
  readyState: 'live' | 'ended' = 'live';
  stop(): void {
    this.readyState = 'ended';
  }
}

export class FakeStream {
  readonly track = new FakeTrack();
  readonly getTracks = () => [this.track];
}

/** As the standard has it: `start`, then data, then `stop`, each in a task of its own. */
export class FakeRecorder {
  static made: FakeRecorder[] = [];
  static types = ['audio/webm;codecs=opus'];
  static isTypeSupported = (type: string) => FakeRecorder.types.includes(type);

  state: RecordingState = 'inactive';
  onstart: (() => void) | null = null;
  onstop: (() => void) | null = null;
  onerror: (() => void) | null = null;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  content = 'opus';

  constructor(
    readonly stream: FakeStream,
    readonly options: MediaRecorderOptions,
  ) {
    FakeRecorder.made.push(this);
  }

  start(): void {
    this.state = 'recording';
    queueMicrotask(() => this.onstart?.());
  }

  pause(): void {
    if (this.state !== 'recording') throw new DOMException('not recording', 'InvalidStateError');
    this.state = 'paused';
  }

  resume(): void {
    if (this.state !== 'paused') throw new DOMException('not paused', 'InvalidStateError');
    this.state = 'recording';
  }

  stop(): void {
    if (this.state === 'inactive') throw new DOMException('not recording', 'InvalidStateError');
    this.state = 'inactive';
    queueMicrotask(() => {
      this.ondataavailable?.({ data: new Blob([this.content]) });
      this.onstop?.();
    });
  }
}

export class FakeContext {
  static open = 0;
  static loud = 0.5;

  constructor() {
    FakeContext.open += 1;
  }

  createAnalyser = () => ({ fftSize: 0, getFloatTimeDomainData: (samples: Float32Array) => samples.fill(FakeContext.loud) });
  createMediaStreamSource = () => ({ connect: () => undefined });
  resume = () => Promise.resolve();

  close(): Promise<void> {
    FakeContext.open -= 1;
    return Promise.resolve();
  }
}

/** One name at a time, in all tabs that share it. */
export class FakeLocks {
  held = false;

  async request(_name: string, _options: unknown, act: (lock: object | null) => Promise<void> | undefined): Promise<void> {
    if (this.held) {
      await Promise.resolve();
      await act(null);
      return;
    }
    this.held = true;
    try {
      await act({});
    } finally {
      this.held = false;
    }
  }
}

export class HandClock implements Clock {
  private time = 1_000;
  private readonly acts = new Set<() => void>();

  readonly now = () => this.time;

  readonly every = (_ms: number, act: () => void) => {
    this.acts.add(act);
    return () => this.acts.delete(act);
  };

  get running(): boolean {
    return this.acts.size > 0;
  }

  pass(ms: number, stepMs = 50): void {
    for (let left = ms; left > 0; left -= stepMs) {
      this.time += Math.min(stepMs, left);
      for (const act of [...this.acts]) act();
    }
  }
}

/** A browser with a microphone; `answer` is what the person or the system says when it is asked for. */
export class FakeBrowser {
  readonly streams: FakeStream[] = [];
  readonly locks = new FakeLocks();
  answer: () => Promise<void> = () => Promise.resolve();

  constructor() {
    FakeRecorder.made = [];
    FakeRecorder.types = ['audio/webm;codecs=opus'];
    FakeContext.open = 0;
  }

  readonly getUserMedia = async () => {
    await this.answer();
    const stream = new FakeStream();
    this.streams.push(stream);
    return stream;
  };

  devices(more: Partial<Devices> = {}): Devices {
    const real = { secure: true, mediaDevices: { getUserMedia: this.getUserMedia }, MediaRecorder: FakeRecorder, AudioContext: FakeContext, locks: this.locks };
    return { ...(real as unknown as Devices), ...more };
  }

  refuse(name: string): void {
    this.answer = () => Promise.reject(new DOMException('no', name));
  }

  /** The device goes: its track ends, and the recorder with it. */
  unplug(): void {
    this.streams.at(-1)?.track.stop();
    this.recorder.stop();
  }

  get recorder(): FakeRecorder {
    const recorder = FakeRecorder.made.at(-1);
    if (recorder === undefined) throw new Error('nothing was recorded yet');
    return recorder;
  }

  /** Nothing listens any more. */
  get quiet(): boolean {
    return this.streams.every(({ track }) => track.readyState === 'ended') && FakeContext.open === 0 && !this.locks.held;
  }
}
