// The chart without WebGL, for thin clients whose browser has none: the same tiles, vessels and moves on a plain canvas.

import type { Camera } from '../state/view.svelte';
import { ZOOM_MAX, ZOOM_MIN, type Chart, type ChartOptions } from './chart';
import { LandTiles, type LandTile } from './land-tiles';
import { TILE_PX, latOf, lonOf, nearest, worldPx, worldX, worldY } from './mercator';
import { moveByHand } from './hand';
import { drawVessels } from './vessels-canvas';
import { vesselSize } from './vessel-size';

const TILE_ZOOM_MAX = 10;

export function openCanvasChart({ container, camera: first, ink: firstInk, fleet, events }: ChartOptions): Chart {
  const canvas = document.createElement('canvas');
  canvas.className = 'chart-canvas';
  container.append(canvas);
  const ctx = canvas.getContext('2d')!;
  let ink = firstInk;
  let [cx, cy, zoom] = [worldX(first.lon), worldY(first.lat), first.zoom];
  let asked = 0;
  let resting: ReturnType<typeof setTimeout> | undefined;

  const redraw = () => {
    asked ||= requestAnimationFrame(draw);
  };
  const tiles = new LandTiles(redraw);
  const size = (): [number, number] => [container.clientWidth, container.clientHeight];

  const project = (lat: number, lon: number): [number, number] => {
    const [width, height] = size();
    const scale = worldPx(zoom);
    return [(nearest(worldX(lon), cx) - cx) * scale + width / 2, (worldY(lat) - cy) * scale + height / 2];
  };
  const worldAt = (x: number, y: number): [number, number] => {
    const [width, height] = size();
    const scale = worldPx(zoom);
    return [cx + (x - width / 2) / scale, cy + (y - height / 2) / scale];
  };

  function moved() {
    cx -= Math.floor(cx);
    cy = Math.max(0, Math.min(1, cy));
    redraw();
    clearTimeout(resting);
    resting = setTimeout(events.rested, 150);
  }

  function zoomAround(x: number, y: number, by: number) {
    const [wx, wy] = worldAt(x, y);
    zoom = Math.max(ZOOM_MIN, Math.min(ZOOM_MAX, zoom + by));
    const [nx, ny] = worldAt(x, y);
    cx += wx - nx;
    cy += wy - ny;
    moved();
  }

  function panBy(x: number, y: number) {
    cx += x / worldPx(zoom);
    cy += y / worldPx(zoom);
    moved();
  }

  function draw() {
    asked = 0;
    const [width, height] = size();
    const ratio = devicePixelRatio;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = ink.sea;
    ctx.fillRect(0, 0, width, height);
    drawLand(width, height);
    drawVessels(ctx, fleet, ink, project, [width, height], vesselSize(zoom));
    events.drawn();
  }

  function drawLand(width: number, height: number) {
    const z = Math.max(0, Math.min(TILE_ZOOM_MAX, Math.floor(zoom)));
    const tilePx = TILE_PX * 2 ** (zoom - z);
    const across = 2 ** z;
    const [left, top] = worldAt(0, 0);
    const [right, bottom] = worldAt(width, height);
    for (let y = Math.max(0, Math.floor(top * across)); y < Math.min(across, bottom * across); y++) {
      for (let x = Math.floor(left * across); x < right * across; x++) {
        const wrapped = ((x % across) + across) % across;
        const px = (x / across - cx) * worldPx(zoom) + width / 2;
        const py = (y / across - cy) * worldPx(zoom) + height / 2;
        drawTile(tiles.get(z, wrapped, y) ?? { z, x: wrapped, y }, px, py, tilePx);
      }
    }
  }

  // Until a tile is here, the piece of a coarser one that covers it stands in.
  function drawTile(tile: LandTile | { z: number; x: number; y: number }, px: number, py: number, tilePx: number) {
    ctx.save();
    ctx.beginPath();
    ctx.rect(px, py, tilePx + 0.5, tilePx + 0.5);
    ctx.clip();
    let shown: LandTile | null = 'extent' in tile ? tile : null;
    let [left, top, width] = [px, py, tilePx];
    if ('z' in tile) {
      for (let up = 1; up <= tile.z && !shown; up++) {
        shown = tiles.peek(tile.z - up, tile.x >> up, tile.y >> up);
        width = tilePx * 2 ** up;
        left = px - (tile.x - ((tile.x >> up) << up)) * tilePx;
        top = py - (tile.y - ((tile.y >> up) << up)) * tilePx;
      }
    }
    if (shown) {
      const scale = width / shown.extent;
      ctx.translate(left, top);
      ctx.scale(scale, scale);
      ctx.fillStyle = ink.land;
      // Rings wind by the format's rules, and lands of two levels of detail may overlap.
      ctx.fill(shown.land, 'nonzero');
      ctx.lineWidth = 1 / scale;
      ctx.strokeStyle = ink.coast;
      ctx.stroke(shown.coast);
      ctx.strokeStyle = ink.river;
      ctx.stroke(shown.rivers);
    }
    ctx.restore();
  }

  const hand = moveByHand(container, { panBy, zoomAround });
  const watchSize = new ResizeObserver(() => {
    redraw();
    events.rested();
  });
  watchSize.observe(container);
  redraw();

  return {
    kind: 'canvas',
    camera: (): Camera => ({ lat: latOf(cy), lon: lonOf(cx), zoom }),
    project,
    unproject(x, y) {
      const [wx, wy] = worldAt(x, y);
      return { lat: latOf(wy), lon: lonOf(wx) };
    },
    box() {
      const [width, height] = size();
      const [west, north] = worldAt(0, 0);
      const [east, south] = worldAt(width, height);
      return { west: lonOf(west), south: latOf(south), east: lonOf(east), north: latOf(north) };
    },
    size,
    go(to) {
      [cx, cy, zoom] = [worldX(to.lon), worldY(to.lat), to.zoom];
      moved();
    },
    zoomBy(steps) {
      const [width, height] = size();
      zoomAround(width / 2, height / 2, steps);
    },
    panBy,
    paint(next) {
      ink = next;
      redraw();
    },
    refresh: redraw,
    destroy() {
      cancelAnimationFrame(asked);
      clearTimeout(resting);
      hand();
      watchSize.disconnect();
      canvas.remove();
    },
  };
}
