import { toMessagingError } from '../../client';
import { notice } from '../parts/toasts';

/** Tells of a failure, in the server's words. */
export async function tried(doing: Promise<unknown>, failure: string, onFailure: () => void = () => undefined): Promise<void> {
  try {
    await doing;
  } catch (error) {
    notice(failure, toMessagingError(error).message);
    onFailure();
  }
}
