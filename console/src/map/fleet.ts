// The live vessels on screen, as the live picture last told them.

import type { Frame, LiveRow } from '../api/live';
import { nearest, worldX, worldY } from './mercator';

/** Dimmed when older than this. Ours: three times the slowest class A interval with some loss. */
export const STALE_SECONDS = 600;
/** Taken off the chart when older than this, unless an alert is open on it. Ours. */
export const LOST_SECONDS = 1_800;

/** Below this a vessel is drawn as stopped. Ours: GNSS noise at anchor is a few tenths of a knot. */
const STOPPED_KNOTS = 0.5;

/** Shapes, told apart without colour. The numbers are the shader's. */
export const SHAPE = { arrow: 0, diamond: 1, dot: 2, sart: 3, aircraft: 4, mark: 5, base: 6 } as const;

export interface LiveVessel extends LiveRow {
  /** World units. */
  x: number;
  y: number;
  /** The watch's time when it was last heard, ms. */
  heardAt: number;
  shape: number;
  /** Radians clockwise from north; 0 where the shape does not turn. */
  angle: number;
}

export class Fleet {
  readonly vessels = new Map<string, LiveVessel>();
  now = 0;

  take(frame: Frame) {
    this.now = frame.now;
    if (frame.full) this.vessels.clear();
    for (const row of frame.rows) {
      if (row.gone) this.vessels.delete(row.track);
      else this.vessels.set(row.track, place(row, frame.now));
    }
    for (const [track, vessel] of this.vessels) {
      if (!vessel.alerted && this.ageSeconds(vessel) > LOST_SECONDS) this.vessels.delete(track);
    }
  }

  ageSeconds(vessel: LiveVessel): number {
    return Math.max(0, (this.now - vessel.heardAt) / 1000);
  }

  /** How strongly to draw it: fresh is full, then it fades to stale. */
  strength(vessel: LiveVessel): number {
    const age = this.ageSeconds(vessel);
    if (vessel.alerted || vessel.shape === SHAPE.sart) return 1;
    if (age > STALE_SECONDS) return 0.35;
    return 1 - 0.4 * (age / STALE_SECONDS);
  }
}

function place(row: LiveRow, now: number): LiveVessel {
  const shape = shapeOf(row);
  const turn = shape === SHAPE.arrow || shape === SHAPE.aircraft ? (row.heading ?? row.course ?? 0) : 0;
  return {
    ...row,
    x: worldX(row.lon),
    y: worldY(row.lat),
    heardAt: now - row.ageSeconds * 1000,
    shape,
    angle: (turn * Math.PI) / 180,
  };
}

function shapeOf(row: LiveRow): number {
  if (row.class === 4) return SHAPE.sart;
  if (row.class === 3) return SHAPE.aircraft;
  if (row.class === 5) return SHAPE.mark;
  if (row.class === 6) return SHAPE.base;
  // What a radar tracks has no bow to point with.
  if (row.class === 7) return SHAPE.diamond;
  const stopped = row.speed !== null && row.speed < STOPPED_KNOTS;
  if (stopped) return SHAPE.dot;
  return row.course === null && row.heading === null ? SHAPE.diamond : SHAPE.arrow;
}

/** The vessel nearest to a place, within `reach` world units. */
export function pick(fleet: Fleet, lat: number, lon: number, reach: number): LiveVessel | null {
  const [x, y] = [worldX(lon), worldY(lat)];
  let best: LiveVessel | null = null;
  let bestSquare = reach * reach;
  for (const vessel of fleet.vessels.values()) {
    const square = (nearest(vessel.x, x) - x) ** 2 + (vessel.y - y) ** 2;
    if (square <= bestSquare) [best, bestSquare] = [vessel, square];
  }
  return best;
}
