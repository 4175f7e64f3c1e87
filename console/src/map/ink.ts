// The chart's colours, read from the page's palette so that both change together.

import { SHAPE } from './fleet';

export const FAMILIES = ['cargo', 'tanker', 'passenger', 'fishing', 'service', 'leisure', 'other', 'unknown'] as const;
export type Family = (typeof FAMILIES)[number];

const COVERAGE = ['well', 'mostly', 'seldom', 'not_heard'] as const;
export type CoverageColour = (typeof COVERAGE)[number];

export interface Ink {
  sea: string;
  land: string;
  coast: string;
  river: string;
  text: string;
  halo: string;
  port: string;
  zone: string;
  zonePriority: string;
  anchorage: string;
  track: string;
  trackOther: string;
  alert: string;
  distress: string;
  select: string;
  outline: string;
  /** Aids to navigation and base stations. */
  station: string;
  family: Record<Family, string>;
  /** How well a part of the sea is heard. */
  coverage: Record<CoverageColour, string>;
}

export function readInk(): Ink {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    sea: of('sea'),
    land: of('land'),
    coast: of('coast'),
    river: of('river'),
    text: of('chart-text'),
    halo: of('chart-halo'),
    port: of('port'),
    zone: of('zone'),
    zonePriority: of('zone-priority'),
    anchorage: of('anchorage'),
    track: of('track'),
    trackOther: of('track-other'),
    alert: of('ring'),
    distress: of('distress'),
    select: of('select'),
    outline: of('vessel-outline'),
    station: of('station'),
    family: Object.fromEntries(FAMILIES.map((family) => [family, of(`ship-${family}`)])) as Record<Family, string>,
    coverage: Object.fromEntries(COVERAGE.map((band) => [band, of(`heard-${band.replace('_', '-')}`)])) as Record<CoverageColour, string>,
  };
}

/** `#rrggbb` as three numbers from 0 to 1. */
export function rgb(colour: string): [number, number, number] {
  const n = Number.parseInt(colour.slice(1), 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
}

/** What a vessel is filled with; a distress device has its own colour. */
export function colourOf(vessel: { shape: number; shipType: number }, ink: Ink): string {
  if (vessel.shape === SHAPE.sart) return ink.distress;
  if (vessel.shape === SHAPE.mark || vessel.shape === SHAPE.base) return ink.station;
  return ink.family[familyOf(vessel.shipType)];
}

/** The few colour families that an eye can tell apart, from the reported type number. Source: ITU-R M.1371-5 table 53. */
export function familyOf(shipType: number): Family {
  if (shipType === 0) return 'unknown';
  if (shipType === 30) return 'fishing';
  if ((shipType >= 31 && shipType <= 35) || (shipType >= 50 && shipType <= 59)) return 'service';
  if (shipType === 36 || shipType === 37) return 'leisure';
  if ((shipType >= 40 && shipType <= 49) || (shipType >= 60 && shipType <= 69)) return 'passenger';
  if (shipType >= 70 && shipType <= 79) return 'cargo';
  if (shipType >= 80 && shipType <= 89) return 'tanker';
  return 'other';
}
