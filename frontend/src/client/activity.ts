/** Whether the person is at the page: `away` after five minutes without a sign, or one minute after the page is hidden. */

import { Timer } from './timer';
import type { ActiveStatus } from './wire';

export const IDLE_MS = 5 * 60_000;
export const HIDDEN_MS = 60_000;
/** Signs come by the hundred; so often one is looked at. */
const SIGN_SPACING_MS = 1_000;

type Clock = Pick<Timer, 'pending' | 'set' | 'cancel' | 'close'>;

export interface ActivityOptions {
  makeTimer?: (act: () => void) => Clock;
  now?: () => number;
}

export class Activity {
  private status: ActiveStatus = 'online';
  private visible = true;
  private signAt = -Infinity;
  private readonly idle: Clock;
  private readonly now: () => number;

  constructor(
    private readonly tell: (status: ActiveStatus) => void,
    { makeTimer = (act) => new Timer(act), now = () => Date.now() }: ActivityOptions = {},
  ) {
    this.now = now;
    this.idle = makeTimer(() => {
      this.become('away');
    });
  }

  /** Begin to count. */
  start(): void {
    this.idle.set(this.visible ? IDLE_MS : HIDDEN_MS);
  }

  /** The person did something. */
  sign(): void {
    if (this.now() - this.signAt < SIGN_SPACING_MS && this.status === 'online') return;
    this.signAt = this.now();
    this.idle.set(this.visible ? IDLE_MS : HIDDEN_MS);
    this.become('online');
  }

  /** Coming back to the page is a sign; a hidden page has a minute. */
  setVisible(visible: boolean): void {
    if (this.visible === visible) return;
    this.visible = visible;
    if (!visible) {
      this.idle.set(HIDDEN_MS);
      return;
    }
    this.signAt = -Infinity;
    this.sign();
  }

  close(): void {
    this.idle.close();
  }

  private become(status: ActiveStatus): void {
    if (this.status === status) return;
    this.status = status;
    this.tell(status);
  }
}
