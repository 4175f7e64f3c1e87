// What the page needs of a chart, whichever way it is drawn.

import type { Box } from '../api/types';
import type { Camera } from '../state/view.svelte';
import type { Fleet } from './fleet';
import type { Ink } from './ink';

export interface ChartEvents {
  /** The picture was drawn anew: whatever lies over it must follow. */
  drawn(): void;
  /** The officer, or a key, moved it; told when it comes to rest. */
  rested(): void;
}

export interface Chart {
  readonly kind: 'webgl' | 'canvas';
  camera(): Camera;
  /** Screen position in CSS pixels from the chart's left top. */
  project(lat: number, lon: number): [number, number];
  unproject(x: number, y: number): { lat: number; lon: number };
  box(): Box;
  size(): [number, number];
  go(camera: Camera, smooth: boolean): void;
  zoomBy(steps: number): void;
  panBy(x: number, y: number): void;
  paint(ink: Ink): void;
  /** The fleet changed. */
  refresh(): void;
  destroy(): void;
}

export interface ChartOptions {
  container: HTMLElement;
  camera: Camera;
  ink: Ink;
  fleet: Fleet;
  events: ChartEvents;
}

export const ZOOM_MIN = 2;
export const ZOOM_MAX = 16;

/** Whether this browser has hardware or software WebGL 2. */
export function hasWebGl(): boolean {
  try {
    const gl = document.createElement('canvas').getContext('webgl2');
    gl?.getExtension('WEBGL_lose_context')?.loseContext();
    return gl !== null;
  } catch {
    return false;
  }
}

/** The camera that shows all given places, with room around them. */
export function cameraFor(places: { lat: number; lon: number }[], size: [number, number], zoomMax: number): Camera | null {
  const first = places[0];
  if (!first) return null;
  let [west, east, south, north] = [first.lon, first.lon, first.lat, first.lat];
  for (const { lat, lon } of places) {
    // Continue on the near side of 180°.
    const near = lon + 360 * Math.round((first.lon - lon) / 360);
    west = Math.min(west, near);
    east = Math.max(east, near);
    south = Math.min(south, lat);
    north = Math.max(north, lat);
  }
  const width = Math.max((east - west) / 360, 1e-9);
  const height = Math.max((north - south) / 360 / Math.cos((((south + north) / 2) * Math.PI) / 180), 1e-9);
  const fits = Math.log2(Math.min((size[0] * 0.7) / (512 * width), (size[1] * 0.7) / (512 * height)));
  return { lat: (south + north) / 2, lon: (west + east) / 2, zoom: Math.max(ZOOM_MIN, Math.min(zoomMax, fits)) };
}
