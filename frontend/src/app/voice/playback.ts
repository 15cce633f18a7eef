/**
 * Plays voice messages, one at a time: whoever plays next stops the one before. It lives above the messages, so that one
 * plays on while its row is scrolled away. Lengths are those that the server measured: a file need not know its own.
 */

import { createContext, use, useSyncExternalStore } from 'react';

import { Subscribable } from '../../client';

export interface Track {
  id: string;
  url: string;
  durationMs: number;
}

export type PlayStatus = 'idle' | 'loading' | 'playing' | 'paused' | 'failed';

/** Of the one that was played last. Where the others stopped is in `places`, in milliseconds. */
export interface PlaybackState {
  id: string | null;
  status: PlayStatus;
  places: ReadonlyMap<string, number>;
}

export const RATES = [1, 1.5, 2] as const;
export type Rate = (typeof RATES)[number];

const RATE_KEY = 'stockent.voice.rate';
/** So many places are remembered. */
const MAX_PLACES = 50;

export class Playback {
  readonly state = new Subscribable<PlaybackState>({ id: null, status: 'idle', places: new Map() });
  readonly rate = new Subscribable<Rate>(storedRate());
  private audio: HTMLAudioElement | null = null;
  private track: Track | null = null;
  /** Until the audio has its address. */
  private opening: Promise<void> | null = null;
  private listening = new AbortController();

  /** `addressOf` turns a track's into one that the element can use by itself. */
  constructor(
    private readonly makeAudio: () => HTMLAudioElement = () => new Audio(),
    private readonly addressOf: (url: string, signal: AbortSignal) => string | Promise<string> = (url) => url,
  ) {}

  toggle(track: Track): void {
    const { id, status } = this.state.get();
    if (id === track.id && (status === 'playing' || status === 'loading')) this.pause();
    else this.play(track);
  }

  play(track: Track): void {
    const { id, status } = this.state.get();
    const audio = id === track.id && this.track?.url === track.url && status !== 'failed' && this.audio !== null ? this.audio : this.load(track);
    this.set({ status: 'loading' });
    audio.playbackRate = this.rate.get();
    if (this.opening === null) this.begin(audio);
    else void this.opening.then(() => {
      if (audio === this.audio && this.opening === null && this.state.get().status === 'loading') this.begin(audio);
    });
  }

  pause(): void {
    this.audio?.pause();
    const { status } = this.state.get();
    if (status === 'playing' || status === 'loading') this.set({ status: 'paused' });
  }

  /** Before it was ever played too: then it begins there. */
  seek(track: Track, toMs: number): void {
    const place = Math.min(track.durationMs, Math.max(0, toMs));
    if (this.audio !== null && this.state.get().id === track.id) this.audio.currentTime = place / 1_000;
    this.keep(track.id, place);
  }

  /** Where it is at this moment, finer than the state tells. */
  placeOf({ id, durationMs }: Track): number {
    const { id: current, status, places } = this.state.get();
    if (this.audio === null || id !== current || status !== 'playing') return Math.min(durationMs, places.get(id) ?? 0);
    return Math.min(durationMs, this.audio.currentTime * 1_000);
  }

  /** It is no more, and must not be heard. */
  forget(id: string): void {
    if (this.state.get().id === id) this.close();
    this.set({ places: without(this.state.get().places, id) });
  }

  nextRate(): void {
    const rate = RATES[(RATES.indexOf(this.rate.get()) + 1) % RATES.length] ?? 1;
    this.rate.set(rate);
    if (this.audio !== null) this.audio.playbackRate = rate;
    storeRate(rate);
  }

  close(): void {
    this.unload();
    this.set({ id: null, status: 'idle' });
  }

  private load(track: Track): HTMLAudioElement {
    this.unload();
    const audio = this.makeAudio();
    this.audio = audio;
    this.track = track;
    this.set({ id: track.id });
    this.listen(audio, track);
    audio.preload = 'auto';
    const { signal } = this.listening;
    const address = this.addressOf(track.url, signal);
    if (typeof address === 'string') this.give(audio, address);
    else this.opening = this.open(audio, address, signal);
    return audio;
  }

  private async open(audio: HTMLAudioElement, address: Promise<string>, signal: AbortSignal): Promise<void> {
    try {
      const found = await address;
      if (signal.aborted) return;
      this.give(audio, found);
      this.opening = null;
    } catch {
      if (!signal.aborted) this.set({ status: 'failed' });
    }
  }

  private give(audio: HTMLAudioElement, address: string): void {
    audio.src = address;
    const place = this.state.get().places.get(this.track?.id ?? '') ?? 0;
    if (place > 0) audio.currentTime = place / 1_000;
  }

  private begin(audio: HTMLAudioElement): void {
    audio.play().catch((error: unknown) => {
      if (audio === this.audio) this.onRefused(error);
    });
  }

  private listen(audio: HTMLAudioElement, { id, durationMs }: Track): void {
    const { signal } = (this.listening = new AbortController());
    const on = (name: keyof HTMLMediaElementEventMap, act: () => void) => audio.addEventListener(name, act, { signal });
    on('playing', () => this.set({ status: 'playing' }));
    on('waiting', () => this.set({ status: audio.paused ? 'paused' : 'loading' }));
    on('pause', () => this.set({ status: 'paused' }));
    on('timeupdate', () => {
      if (!audio.paused) this.keep(id, Math.min(durationMs, audio.currentTime * 1_000));
    });
    on('ended', () => {
      this.set({ status: 'idle' });
      this.seek({ id, url: '', durationMs }, 0);
    });
    on('error', () => this.set({ status: 'failed' }));
  }

  private unload(): void {
    this.listening.abort();
    this.opening = null;
    if (this.audio === null) return;
    this.audio.pause();
    this.audio.removeAttribute('src');
    this.audio.load();
    this.audio = null;
    this.track = null;
  }

  private onRefused(error: unknown): void {
    const name = error instanceof DOMException ? error.name : '';
    // A pause before the first sound ends the promise too, and a browser may want a click first.
    if (name === 'AbortError') return;
    this.set({ status: name === 'NotAllowedError' ? 'paused' : 'failed' });
  }

  private keep(id: string, placeMs: number): void {
    const places = new Map([...without(this.state.get().places, id), [id, placeMs]].slice(-MAX_PLACES) as [string, number][]);
    this.set({ places });
  }

  private set(change: Partial<PlaybackState>): void {
    this.state.set({ ...this.state.get(), ...change });
  }
}

function without(places: PlaybackState['places'], id: string): Map<string, number> {
  const rest = new Map(places);
  rest.delete(id);
  return rest;
}

function storedRate(): Rate {
  try {
    const rate = Number(localStorage.getItem(RATE_KEY));
    return RATES.find((known) => known === rate) ?? 1;
  } catch {
    return 1;
  }
}

function storeRate(rate: Rate): void {
  try {
    localStorage.setItem(RATE_KEY, String(rate));
  } catch {
    // Then it lasts as long as the page.
  }
}

/** One for the whole page; who makes it closes it. */
export const PlaybackContext = createContext<Playback | null>(null);

export function usePlayback(): Playback {
  const playback = use(PlaybackContext);
  if (playback === null) throw new Error('voice messages need a PlaybackContext above them');
  return playback;
}

export function usePlayed(playback: Playback, track: Track): { status: PlayStatus; placeMs: number } {
  const status = useSyncExternalStore(playback.state.subscribe, () => (playback.state.get().id === track.id ? playback.state.get().status : 'idle'));
  const placeMs = useSyncExternalStore(playback.state.subscribe, () => playback.state.get().places.get(track.id) ?? 0);
  return { status, placeMs: Math.min(placeMs, track.durationMs) };
}
