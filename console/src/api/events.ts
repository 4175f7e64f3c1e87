// Alerts, decisions and the watch's state as they happen. The browser resumes by Last-Event-ID.

import type { AlertRow, Status } from './types';

export interface Listener {
  alert(id: string, change: 'raised' | 'updated' | 'cleared', row: AlertRow): void;
  desk(id: string, row: AlertRow): void;
  status(status: Status): void;
  /** Something was missed: what is shown must be read anew. */
  resync(): void;
  up(): void;
  down(): void;
}

// A server that went away for good closes the source; ours, unproven: try again after this long.
const RETRY_MS = 3_000;

/** Listens until the returned function is called. */
export function listen(listener: Listener): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  const open = () => {
    source = new EventSource('/api/events');
    source.onopen = () => listener.up();
    source.onerror = () => {
      listener.down();
      if (source?.readyState === EventSource.CLOSED && !stopped) timer = setTimeout(open, RETRY_MS);
    };
    source.addEventListener('alert', (event) => {
      const data = JSON.parse(event.data);
      listener.alert(data.id, data.change, data.row);
    });
    source.addEventListener('desk', (event) => {
      const data = JSON.parse(event.data);
      listener.desk(data.id, data.row);
    });
    source.addEventListener('resync', () => listener.resync());
    source.addEventListener('status', (event) => listener.status(JSON.parse(event.data)));
  };
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
}
