// The queue's order, the same as the watch's own: priority, rank, newest first, id.

import type { AlertRow, Priority } from '../api/types';

export const PRIORITIES: Priority[] = ['distress', 'p1', 'p2', 'p3', 'record'];

export function queueOrder(a: AlertRow, b: AlertRow): number {
  const rank = ({ alert }: AlertRow) => alert.severity * (0.5 + 0.5 * alert.confidence);
  return (
    PRIORITIES.indexOf(a.alert.priority) - PRIORITIES.indexOf(b.alert.priority) ||
    rank(b) - rank(a) ||
    b.alert.raised_at - a.alert.raised_at ||
    (a.alert.id < b.alert.id ? -1 : 1)
  );
}
