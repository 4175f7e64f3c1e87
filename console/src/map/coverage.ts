// The coverage layer, drawn over either kind of chart. "Not known", "too little to tell" and "not heard" are three
// things, and differ by pattern as well as by colour.

import type { CoverageCell } from '../api/types';
import { bandOf, type Band } from '../state/coverage.svelte';
import type { Chart } from './chart';
import type { Ink } from './ink';

export interface CoveragePicture {
  cells: CoverageCell[];
  size: number;
}

const FILL_ALPHA = 0.42;
// A cross in a cell that is smaller only makes it dark.
const CROSS_PX_MIN = 7;

/** Slanting lines, the sign for what nobody knows. */
function hatch(ctx: CanvasRenderingContext2D, colour: string): CanvasPattern | null {
  const step = 10;
  const tile = document.createElement('canvas');
  tile.width = step;
  tile.height = step;
  const pen = tile.getContext('2d');
  if (!pen) return null;
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const shift of [-step, 0, step]) {
    pen.moveTo(shift, step);
    pen.lineTo(shift + step, 0);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat');
}

export function drawCoverage(ctx: CanvasRenderingContext2D, chart: Chart, { cells, size }: CoveragePicture, ink: Ink) {
  const [width, height] = chart.size();
  ctx.globalAlpha = 0.3;
  ctx.fillStyle = hatch(ctx, ink.text) ?? 'transparent';
  ctx.fillRect(0, 0, width, height);
  for (const cell of cells) {
    const [left, bottom] = chart.project(cell.south, cell.west).map(Math.round) as [number, number];
    const [right, top] = chart.project(cell.south + size, cell.west + size).map(Math.round) as [number, number];
    if (right < 0 || left > width || bottom < 0 || top > height) continue;
    const [wide, high] = [Math.max(1, right - left), Math.max(1, bottom - top)];
    ctx.clearRect(left, top, wide, high);
    drawCell(ctx, bandOf(cell), [left, top, wide, high], ink);
  }
  ctx.globalAlpha = 1;
}

function drawCell(ctx: CanvasRenderingContext2D, band: Band, [left, top, wide, high]: [number, number, number, number], ink: Ink) {
  if (band === 'too_little') {
    ctx.globalAlpha = 0.6;
    ctx.fillStyle = ink.text;
    ctx.fillRect(left + wide / 2 - 1, top + high / 2 - 1, 2, 2);
    return;
  }
  ctx.globalAlpha = FILL_ALPHA;
  ctx.fillStyle = ink.coverage[band];
  ctx.fillRect(left, top, wide, high);
  if (band !== 'not_heard' || wide < CROSS_PX_MIN) return;
  ctx.globalAlpha = 0.9;
  ctx.strokeStyle = ink.coverage[band];
  ctx.lineWidth = 1;
  ctx.beginPath();
  ctx.moveTo(left + 2, top + 2);
  ctx.lineTo(left + wide - 2, top + high - 2);
  ctx.moveTo(left + wide - 2, top + 2);
  ctx.lineTo(left + 2, top + high - 2);
  ctx.stroke();
}
