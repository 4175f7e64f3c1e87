// What vessels call themselves, asked once each when the pointer rests on one.

import { get } from '../api/http';
import type { Vessel } from '../api/types';

const KEPT_MAX = 2_000;
// A pointer that only crosses a vessel asks nothing. Ours.
const REST_MS = 80;

const known = new Map<string, Vessel>();
let timer: ReturnType<typeof setTimeout> | undefined;

/** Tells `found` once the vessel is known; a later call replaces a waiting one. */
export function whoIs(track: string, found: (vessel: Vessel) => void) {
  clearTimeout(timer);
  const vessel = known.get(track);
  if (vessel) return found(vessel);
  timer = setTimeout(async () => {
    const answer = await get<Vessel>(`/api/vessels/${encodeURIComponent(track)}`).catch(() => null);
    if (!answer) return;
    const oldest = known.keys().next().value;
    if (known.size >= KEPT_MAX && oldest !== undefined) known.delete(oldest);
    // A vessel that has not told its name yet may tell it later.
    if (answer.name) known.set(track, answer);
    found(answer);
  }, REST_MS);
}
