/** How this browser tells of messages: by the system's own notifications and by a sound, each only once asked for. */

import { useSyncExternalStore } from 'react';

import { Subscribable } from '../../client';

export interface Telling {
  desktop: boolean;
  sound: boolean;
}

export type Permission = 'default' | 'denied' | 'granted' | 'unsupported';

const KEY = 'stockent.telling';
const telling = new Subscribable<Telling>(stored());

export function useTelling(): Telling {
  return useSyncExternalStore(telling.subscribe, telling.get);
}

export function setTelling(change: Partial<Telling>): void {
  const next = { ...telling.get(), ...change };
  telling.set(next);
  try {
    localStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // Then it lasts as long as the page.
  }
}

export function permission(): Permission {
  return typeof Notification === 'undefined' ? 'unsupported' : Notification.permission;
}

/** To be called from a click: browsers refuse to ask otherwise. */
export async function askForDesktop(): Promise<Permission> {
  if (permission() === 'default') await Notification.requestPermission();
  setTelling({ desktop: permission() === 'granted' });
  return permission();
}

interface News {
  id: string;
  about: string;
  title: string;
  text: string;
  onOpen: () => void;
}

/** One of the tabs of this browser tells it. */
export function tellDesktop({ id, about, title, text, onOpen }: News): void {
  const { desktop, sound } = telling.get();
  if (!desktop && !sound) return;
  once(id, () => {
    if (sound) void chime();
    if (!desktop || permission() !== 'granted') return;
    try {
      const shown = new Notification(title, { body: text, tag: about, silent: sound });
      shown.onclick = () => {
        window.focus();
        shown.close();
        onOpen();
      };
    } catch {
      // Some phones give notifications to service workers only.
    }
  });
}

const HOLD_MS = 3_000;

/** Each tab hears of a message; the first that takes its lock acts. Without locks each of them does. */
function once(id: string, act: () => void): void {
  const locks = (navigator as Partial<Navigator>).locks;
  if (locks === undefined) {
    act();
    return;
  }
  void locks.request(`stockent.told.${id}`, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    act();
    await new Promise((resolve) => setTimeout(resolve, HOLD_MS));
  });
}

const NOTES_HZ = [660, 880];
const NOTE_S = 0.09;

/** Two soft notes, made here: nothing needs to be fetched. */
export async function chime(): Promise<void> {
  const context = new AudioContext();
  const volume = context.createGain();
  volume.gain.value = 0.06;
  volume.connect(context.destination);
  NOTES_HZ.forEach((hz, index) => {
    const note = context.createOscillator();
    note.frequency.value = hz;
    note.connect(volume);
    note.start(context.currentTime + index * NOTE_S);
    note.stop(context.currentTime + (index + 1) * NOTE_S);
  });
  await new Promise((resolve) => setTimeout(resolve, NOTES_HZ.length * NOTE_S * 1_000 + 100));
  await context.close();
}

function stored(): Telling {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Telling> | null;
    return { desktop: kept?.desktop === true, sound: kept?.sound === true };
  } catch {
    return { desktop: false, sound: false };
  }
}
