import { notice } from './parts/toasts';

/** To the clipboard, which browsers give only to secure pages. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notice(done);
  } catch {
    notice('The browser did not let the page copy', text);
  }
}
