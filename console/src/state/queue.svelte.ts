// The queue as the officer reads it. Words inside a row change at once; rows come, go and move only when
// nobody is reading, except distress, which is never held back.

import { get, query } from '../api/http';
import type { AlertList, AlertRow, Counts, Priority, Queue } from '../api/types';
import { queueOrder } from './order';

export { PRIORITIES } from './order';

class AlertQueue {
  tab: Queue = 'open';
  rows = $state.raw<AlertRow[]>([]);
  counts = $state.raw<Counts>({ open: 0, claimed: 0, decided: 0, record: 0 });
  next = $state<string | null>(null);
  loaded = $state(false);
  failed = $state(false);
  /** The row the keys act on. */
  cursor = $state<string | null>(null);
  /** Held by the officer (`p`). */
  paused = $state(false);
  /** Held because the pointer is over the list. */
  reading = $state(false);
  /** Said aloud by screen readers, once per new alert. */
  announced = $state.raw<AlertRow | null>(null);
  /** Undecided distress, whatever the tab and whatever is held. */
  distress = $state.raw<AlertRow[]>([]);
  /** Alerts that arrived and are not on the list yet. */
  waiting = $state.raw<Map<string, AlertRow>>(new Map());

  private recount: ReturnType<typeof setTimeout> | undefined;
  private asked = 0;

  get held() {
    return this.paused || this.reading;
  }

  /** Waiting alerts that would be new rows. */
  get fresh() {
    return [...this.waiting.values()].filter((row) => this.belongs(row) && !this.has(row.alert.id)).length;
  }

  async load(tab: Queue) {
    const asked = ++this.asked;
    const again = tab === this.tab && this.loaded;
    if (!again) this.rows = [];
    this.tab = tab;
    this.failed = false;
    try {
      const list = await get<AlertList>(query('/api/alerts', { queue: tab, limit: 100 }));
      if (asked !== this.asked) return;
      this.counts = list.counts;
      this.loaded = true;
      if (again && this.held) {
        for (const row of list.alerts) this.take(row, 'updated');
        return;
      }
      this.rows = list.alerts.toSorted(queueOrder);
      this.next = list.next;
      this.waiting = new Map();
      if (!this.has(this.cursor)) this.cursor = this.rows[0]?.alert.id ?? null;
      if (tab === 'open') this.distress = this.rows.filter(isOpenDistress);
      else await this.loadDistress();
    } catch {
      if (asked === this.asked) this.failed = true;
    }
  }

  async more() {
    if (this.next === null) return;
    const { alerts, next } = await get<AlertList>(
      query('/api/alerts', { queue: this.tab, limit: 100, cursor: this.next }),
    );
    const known = new Set(this.rows.map((row) => row.alert.id));
    this.rows = [...this.rows, ...alerts.filter((row) => !known.has(row.alert.id))];
    this.next = next;
  }

  private async loadDistress() {
    const list = await get<AlertList>(query('/api/alerts', { queue: 'open', rule: 'distress', limit: 100 }));
    this.distress = list.alerts.filter(isOpenDistress);
  }

  /** Takes what the watch says of an alert; `mine` is the officer's own action, which is never held. */
  take(row: AlertRow, what: 'raised' | 'updated' | 'mine') {
    const id = row.alert.id;
    const known = this.find(id);
    if (known && (known.desk.version > row.desk.version || known.alert.version > row.alert.version)) return;
    this.takeDistress(row);
    if (what === 'raised' && row.alert.priority !== 'record') this.announced = row;
    if (known) this.rows = this.rows.map((old) => (old.alert.id === id ? row : old));
    const urgent = what === 'mine' || isOpenDistress(row);
    if (this.held && !urgent) this.waiting = new Map(this.waiting).set(id, row);
    else this.settle([row]);
    this.count();
  }

  /** Puts what waited where it belongs. */
  release() {
    const rows = [...this.waiting.values()];
    this.waiting = new Map();
    this.settle(rows);
  }

  pause(on: boolean) {
    this.paused = on;
    if (!on) this.release();
  }

  read(on: boolean) {
    if (this.reading === on) return;
    this.reading = on;
    if (!on && !this.paused) this.release();
  }

  /** Moves the cursor by rows; answers where it now is. */
  step(by: number): string | null {
    const at = this.rows.findIndex((row) => row.alert.id === this.cursor);
    const to = Math.max(0, Math.min(this.rows.length - 1, at < 0 ? 0 : at + by));
    this.cursor = this.rows[to]?.alert.id ?? null;
    return this.cursor;
  }

  find(id: string | null): AlertRow | undefined {
    return this.rows.find((row) => row.alert.id === id);
  }

  private has(id: string | null) {
    return this.find(id) !== undefined;
  }

  private belongs({ alert, desk }: AlertRow): boolean {
    if (this.tab === 'all') return true;
    if (this.tab === 'decided') return desk.decision !== null;
    if (this.tab === 'record') return alert.priority === 'record';
    return desk.decision === null && alert.priority !== 'record';
  }

  private settle(changed: AlertRow[]) {
    const ids = new Set(changed.map((row) => row.alert.id));
    const at = this.rows.findIndex((row) => row.alert.id === this.cursor);
    const kept = this.rows.filter((row) => !ids.has(row.alert.id));
    this.rows = [...kept, ...changed.filter((row) => this.belongs(row))].sort(queueOrder);
    if (!this.has(this.cursor)) this.cursor = (this.rows[Math.max(0, at)] ?? this.rows.at(-1))?.alert.id ?? null;
  }

  private takeDistress(row: AlertRow) {
    const others = this.distress.filter((other) => other.alert.id !== row.alert.id);
    this.distress = isOpenDistress(row) ? [...others, row].sort(queueOrder) : others;
  }

  private count() {
    clearTimeout(this.recount);
    this.recount = setTimeout(async () => {
      const list = await get<AlertList>(query('/api/alerts', { queue: 'open', limit: 1 })).catch(() => null);
      if (list) this.counts = list.counts;
    }, 400);
  }
}

function isOpenDistress({ alert, desk }: AlertRow): boolean {
  return (alert.priority satisfies Priority) === 'distress' && desk.decision === null;
}

export const queue = new AlertQueue();
