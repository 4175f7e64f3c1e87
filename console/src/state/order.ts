// The queue's order, the same as the watch's own: priority, rank, newest first, id. What would not have been raised comes
// last of its priority; a call for help keeps its place.

import type { AlertRow, Priority } from '../api/types';

export const PRIORITIES: Priority[] = ['distress', 'p1', 'p2', 'p3', 'record'];

export function queueOrder(a: AlertRow, b: AlertRow): number {
  const sinks = ({ alert, amended }: AlertRow) => amended.retracted && alert.priority !== 'distress';
  const rank = (row: AlertRow) => (sinks(row) ? 0 : rankOf(row));
  const rankOf = ({ alert }: AlertRow) => alert.severity * (0.5 + 0.5 * alert.confidence);
  return (
    PRIORITIES.indexOf(a.alert.priority) - PRIORITIES.indexOf(b.alert.priority) ||
    rank(b) - rank(a) ||
    b.alert.raised_at - a.alert.raised_at ||
    (a.alert.id < b.alert.id ? -1 : 1)
  );
}
