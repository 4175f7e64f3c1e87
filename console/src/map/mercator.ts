// Web Mercator in world units: x and y from 0 to 1, y downward. One tile is 512 CSS pixels wide.

export const TILE_PX = 512;
// Where Mercator is cut to a square.
const LAT_MAX = 85.051129;

export const worldX = (lon: number) => (lon + 180) / 360;

export function worldY(lat: number): number {
  const rad = (Math.max(-LAT_MAX, Math.min(LAT_MAX, lat)) * Math.PI) / 180;
  return 0.5 - Math.asinh(Math.tan(rad)) / (2 * Math.PI);
}

export const lonOf = (x: number) => x * 360 - 180;

export const latOf = (y: number) => (Math.atan(Math.sinh((0.5 - y) * 2 * Math.PI)) * 180) / Math.PI;

export const worldPx = (zoom: number) => TILE_PX * 2 ** zoom;

/** Metres of ground under one CSS pixel. */
export function metresPerPx(lat: number, zoom: number): number {
  return (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / worldPx(zoom);
}

/** The shift by whole turns that brings `x` nearest to `centre`, so that 180° is no edge. */
export const nearest = (x: number, centre: number) => x + Math.round(centre - x);
