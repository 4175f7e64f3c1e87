// What an officer does with an alert. The watch keeps the record; a refusal is explained, never swallowed.

import { get, post, Refusal, remove } from '../api/http';
import type { AlertPage, AlertRow, Amendment, Decision } from '../api/types';
import { ui } from '../words';
import { queue } from './queue.svelte';
import { session } from './session.svelte';

class Desk {
  page = $state.raw<AlertPage | null>(null);
  /** What re-runs said of the open alert, oldest first. */
  amendments = $state.raw<Amendment[]>([]);
  loading = $state(false);
  /** Why the last action was refused. */
  refusal = $state<{ conflict: boolean; text: string } | null>(null);
  busy = $state(false);

  private asked = 0;

  async open(id: string | null) {
    const asked = ++this.asked;
    this.refusal = null;
    if (id === null) {
      this.page = null;
      return;
    }
    if (this.page?.alert.id !== id) this.page = null;
    this.loading = true;
    try {
      const page = await get<AlertPage>(`/api/alerts/${encodeURIComponent(id)}`);
      const amendments = page.amended.amendments > 0 ? (await get<{ amendments: Amendment[] }>(`${path(page)}/amendments`)).amendments : [];
      if (asked === this.asked) [this.page, this.amendments] = [page, amendments];
    } catch (cause) {
      if (asked === this.asked) this.refuse(cause);
    } finally {
      if (asked === this.asked) this.loading = false;
    }
  }

  /** Reads the open alert again. */
  async reload() {
    if (this.page) await this.open(this.page.alert.id);
  }

  /** Someone else, or the watch, changed an alert. */
  async heard(row: AlertRow) {
    const { page } = this;
    if (!page || page.alert.id !== row.alert.id) return;
    const amended = row.amended.amendments !== page.amended.amendments;
    if (amended || row.desk.version !== page.desk.version || row.alert.version !== page.alert.version) {
      const refusal = this.refusal;
      await this.open(page.alert.id);
      this.refusal = refusal;
    }
  }

  claim(row: AlertRow, takeOver = false) {
    const body = { version: row.desk.version, ...(takeOver ? { take_over: true } : {}) };
    return this.act(() => post<AlertRow>(`${path(row)}/claim`, body));
  }

  release(row: AlertRow) {
    return this.act(() => remove<AlertRow>(`${path(row)}/claim`));
  }

  note(row: AlertRow, text: string) {
    return this.act(() => post<AlertRow>(`${path(row)}/notes`, { text }));
  }

  decide(row: AlertRow, decision: Decision, reason: string, text: string) {
    return this.act(() => post<AlertRow>(`${path(row)}/decision`, { decision, reason, text, version: row.desk.version }));
  }

  reopen(row: AlertRow, text: string) {
    return this.act(() => remove<AlertRow>(`${path(row)}/decision`, { text }));
  }

  isMine(row: AlertRow) {
    return row.desk.claimed_by !== null && row.desk.claimed_by === session.account;
  }

  private async act(action: () => Promise<AlertRow>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.refusal = null;
    try {
      const { alert, desk, amended, unrecorded } = await action();
      queue.take({ alert, desk, amended, unrecorded }, 'mine');
      if (this.page?.alert.id === alert.id) await this.open(alert.id);
      return true;
    } catch (cause) {
      this.refuse(cause);
      return false;
    } finally {
      this.busy = false;
    }
  }

  private refuse(cause: unknown) {
    if (!(cause instanceof Refusal)) throw cause;
    const text = cause.status === 0 ? ui('unreachable') : [cause.title, cause.detail].filter(Boolean).join(': ');
    this.refusal = { conflict: cause.status === 409, text };
  }
}

const path = (row: AlertRow) => `/api/alerts/${encodeURIComponent(row.alert.id)}`;

export const desk = new Desk();
