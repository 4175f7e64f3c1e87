// The watch's own state and clock. A replay runs at another pace than the browser's clock, so ages are
// counted in the watch's time, carried on between two answers at the pace it was last seen to run.

import { get } from '../api/http';
import type { Receiver, Status } from '../api/types';

/** A receiver that is connected and has said nothing for this long is silent. Ours, unproven. */
export const SILENT_MS = 60_000;

class Watch {
  status = $state.raw<Status | null>(null);
  /** The watch's time, counted on every second. */
  now = $state(Date.now());
  /** Whether alerts reach this page. */
  linked = $state(true);
  /** Whether positions reach this page. */
  pictured = $state(true);
  lostAt = $state(0);

  private seenAt = performance.now();
  private pace = 1;
  private timer: ReturnType<typeof setInterval> | undefined;
  private lines = new Map<number, { lines: number; at: number; rate: number | undefined }>();
  /** Lines a second by receiver, once two answers tell. */
  rates = $state.raw<Map<number, number>>(new Map());

  start(): () => void {
    this.timer = setInterval(() => this.tick(), 1_000);
    get<Status>('/api/status').then((status) => this.take(status)).catch(() => {});
    return () => clearInterval(this.timer);
  }

  take(status: Status) {
    const at = performance.now();
    const waited = at - this.seenAt;
    if (this.status && waited > 500) {
      const ran = (status.now - this.status.now) / waited;
      this.pace = ran > 0 && ran < 1000 ? ran : 1;
    }
    this.countLines(status, at);
    this.status = status;
    this.seenAt = at;
    this.tick();
  }

  link(up: boolean) {
    if (this.linked && !up) this.lostAt = Date.now();
    this.linked = up;
  }

  /** How long a receiver has said nothing, as the officer waits for it: in a replay, hours pass in minutes. */
  quiet(receiver: Receiver): number {
    return receiver.last_heard_at === null ? Infinity : (this.now - receiver.last_heard_at) / Math.max(1, this.pace);
  }

  private tick() {
    if (!this.status) return;
    this.now = this.status.now + Math.min(performance.now() - this.seenAt, 10_000) * this.pace;
  }

  private countLines(status: Status, at: number) {
    const rates = new Map<number, number>();
    for (const receiver of status.receivers) {
      const before = this.lines.get(receiver.id);
      if (before && at - before.at < 1_000) {
        if (before.rate !== undefined) rates.set(receiver.id, before.rate);
        continue;
      }
      const rate = before && Math.max(0, receiver.lines - before.lines) / ((at - before.at) / 1000);
      this.lines.set(receiver.id, { lines: receiver.lines, at, rate });
      if (rate !== undefined) rates.set(receiver.id, rate);
    }
    this.rates = rates;
  }
}

export const watch = new Watch();

/** The state to show: connected but silent is not "no ships". */
export function stateOf(receiver: Receiver, quiet: number): Receiver['state'] | 'silent' {
  const waits = receiver.state === 'connected' || receiver.state === 'listening';
  return waits && quiet > SILENT_MS ? 'silent' : receiver.state;
}
