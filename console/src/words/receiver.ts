// How a receiver is, in sentences.

import type { Clock, ReceiverHealth } from '../api/types';
import { ui, word } from './index';
import { count } from './show';

/** Why it is thought to be well or not; an open link that brings nothing is said as such. */
export function healthWords({ why, params, state }: ReceiverHealth): string {
  const silent = why === 'silent' || why === 'silent_heartbeats';
  const open = state === 'connected' || state === 'listening';
  return word(`receiver_health.${why}${silent && !open ? '.closed' : ''}`, params);
}

/** What it brings in a minute against what this hour brought on other days. */
export function rateWords({ messages_per_minute: now, expected_per_minute: expected }: ReceiverHealth): string {
  const n = now === null ? null : perMinute(now);
  if (expected === null) return n === null ? ui('receiver.counting') : ui('receiver.rate.no_history', { n });
  const most = perMinute(expected);
  return n === null ? ui('receiver.rate.expected', { expected: most }) : ui('receiver.rate.both', { n, expected: most });
}

const perMinute = (n: number) => (n < 10 ? String(Number(n.toFixed(1))) : count(Math.round(n)));

/** How right its clock is, who says so, and what follows. */
export function clockWords({ offset_seconds: offset, told_by, flagged, quarantined }: Clock): string {
  if (told_by === 'none') return quarantined ? ui('clock.doubted') : ui('clock.unknown');
  const size = Math.abs(offset);
  const by = word(`clock_told_by.${told_by}`);
  // Up to two seconds are left alone.
  if (size <= 2) return quarantined ? ui('clock.doubted') : ui('clock.right', { by });
  const params = { seconds: size < 10 ? size.toFixed(1) : size.toFixed(0), by };
  const off = offset > 0 ? ui('clock.slow', params) : ui('clock.fast', params);
  if (quarantined) return `${off} ${ui('clock.quarantined')}`;
  return flagged ? `${off} ${ui('clock.flagged')}` : off;
}

/** How many stations a feed has, and of how many the clock is off; nothing of one station alone. */
export function stationWords({ stations: { known, flagged, quarantined, beyond } }: ReceiverHealth): string | null {
  if (known < 2 && beyond === 0) return null;
  const off = flagged || quarantined ? ui('stations.off', { flagged, quarantined }) : ui('stations.right');
  const all = `${ui('stations', { known })} ${off}`;
  return beyond > 0 ? `${all} ${ui('stations.beyond', { n: count(beyond) })}` : all;
}
