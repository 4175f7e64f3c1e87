// How times, places and quantities are written: the same everywhere, Western digits, unit always shown.

import { hasWord, ui, word } from './index';

const two = (n: number) => String(n).padStart(2, '0');

/** `2026-03-04 18:05:09`, in UTC or in the watch room's own zone. */
export function dateTime(ms: number, zone: 'utc' | 'local'): string {
  const shifted = zone === 'utc' ? new Date(ms) : new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19).replace('T', ' ');
}

/** `18:05:09`. */
export function clock(ms: number, zone: 'utc' | 'local'): string {
  return dateTime(ms, zone).slice(11);
}

/** The watch room's zone as `+07:00`. */
export function localZone(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** How long ago in the largest fitting unit: `40 s`, `12 min`, `3 h 05`, `2 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${two(minutes % 60)}`;
  return `${Math.floor(hours / 24)} d`;
}

function degreesMinutes(value: number, width: number, letters: [string, string]): string {
  const thousandths = Math.round(Math.abs(value) * 60_000);
  const degrees = Math.floor(thousandths / 60_000);
  const minutes = (thousandths % 60_000) / 1000;
  return `${String(degrees).padStart(width, '0')}°${minutes.toFixed(3).padStart(6, '0')}′${value < 0 ? letters[1] : letters[0]}`;
}

/** An alert's place, or that none is known. */
export function placeOf(at: { lat: number; lon: number } | null): string {
  return at === null ? ui('place_unknown') : position(at.lat, at.lon);
}

/** `10°38.412′N 103°30.118′E`, as on a chart. */
export function position(lat: number, lon: number): string {
  const wrapped = ((((lon + 180) % 360) + 360) % 360) - 180;
  return `${degreesMinutes(lat, 2, ['N', 'S'])} ${degreesMinutes(wrapped, 3, ['E', 'W'])}`;
}

/** A measured value with its unit, no more digits than it carries. */
export function quantity(value: number, unit: string): string {
  const whole = unit === 'count' || (unit === 'm' && Math.abs(value) >= 10);
  const digits = whole || Math.abs(value) >= 100 ? 0 : unit === 'm' || Math.abs(value) >= 10 ? 1 : 2;
  const number = String(Number(value.toFixed(digits)));
  const name = hasWord(`unit.${unit}`) ? word(`unit.${unit}`) : unit;
  return name === '' ? number : unit === 'deg' ? `${number}${name}` : `${number} ${name}`;
}

/** Nine digits. */
export function mmsi(value: number): string {
  return String(value).padStart(9, '0');
}

/** What a vessel calls itself, or its number where it has told no name. */
export function vesselName(name: string | null | undefined, number: number): string {
  const trimmed = name?.trim();
  return trimmed ? trimmed : ui('mmsi_number', { mmsi: mmsi(number) });
}

/** A count with thin thousands. */
export function count(n: number): string {
  return n.toLocaleString('en').replaceAll(',', '\u202f');
}
