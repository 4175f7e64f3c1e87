// How each receiver hears, asked for while its page is open.

import { get } from '../api/http';
import type { Receivers } from '../api/types';

// The watch makes the answer anew every two seconds. Ours.
const AGAIN_MS = 5_000;

class Hearing {
  all = $state.raw<Receivers | null>(null);
  failed = $state(false);

  /** Asks again and again until the returned function is called. */
  follow(): () => void {
    let stopped = false;
    const read = async () => {
      const answer = await get<Receivers>('/api/receivers').catch(() => null);
      if (stopped) return;
      this.failed = answer === null;
      if (answer) this.all = answer;
    };
    void read();
    const timer = setInterval(read, AGAIN_MS);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }
}

export const hearing = new Hearing();
