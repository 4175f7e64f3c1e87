// What is drawn over the chart, the same on both kinds of chart: zones, ports, tracks, sightings, marks and their names.
// Names are canvas text in the page's own fonts, so that no glyph server is needed.

import type { DrawnTrack } from '../state/scene.svelte';
import type { Feature, HistoryPosition, Place, Sighting, ZoneProperties } from '../api/types';
import type { Chart } from './chart';
import { drawCoverage, type CoveragePicture } from './coverage';
import type { Fleet, LiveVessel } from './fleet';
import type { Ink } from './ink';
import { LabelRoom } from './labels';
import { vesselSize } from './vessel-size';

export interface Picture {
  zones: Feature<ZoneProperties>[];
  ports: { name: string; at: Place }[];
  tracks: DrawnTrack[];
  sightings: Sighting[];
  mark: { at: Place; distress: boolean } | null;
  selected: string | null;
  hovered: LiveVessel | null;
  fleet: Fleet;
  /** Null while the layer is off. */
  coverage: CoveragePicture | null;
}

// A track is dashed where nothing was heard for this long: nobody knows where it went. Ours, unproven.
const UNHEARD_MS = 30 * 60_000;

export function drawOverlay(ctx: CanvasRenderingContext2D, chart: Chart, picture: Picture, ink: Ink) {
  const [width, height] = chart.size();
  ctx.clearRect(0, 0, width, height);
  if (picture.coverage) drawCoverage(ctx, chart, picture.coverage, ink);
  const room = new LabelRoom(ctx, ink, width, height);
  for (const zone of picture.zones) drawZone(ctx, chart, zone, ink, room);
  for (const track of picture.tracks) drawTrack(ctx, chart, track, ink, room);
  for (const track of picture.tracks) drawUnused(ctx, chart, track, ink);
  drawSightings(ctx, chart, picture.sightings, ink);
  drawPorts(ctx, chart, picture.ports, ink, room);
  if (picture.mark) drawMark(ctx, chart, picture.mark, ink);
  const size = vesselSize(chart.camera().zoom);
  const selected = picture.selected ? picture.fleet.vessels.get(picture.selected) : undefined;
  if (selected) drawBrackets(ctx, chart.project(selected.lat, selected.lon), size * 2.1, ink.select);
  if (picture.hovered) drawBrackets(ctx, chart.project(picture.hovered.lat, picture.hovered.lon), size * 1.8, ink.text);
}

function rings(zone: Feature<ZoneProperties>): [number, number][][] {
  const { geometry } = zone;
  if (geometry.type === 'Polygon') return geometry.coordinates;
  if (geometry.type === 'MultiPolygon') return geometry.coordinates.flat();
  return [];
}

// Three kinds of line: where alerts rank higher, where the watch looks, where lying still is usual.
function zoneLine(kind: string, ink: Ink): { colour: string; width: number; dash: number[] } {
  if (kind === 'priority' || kind === 'exclusion') return { colour: ink.zonePriority, width: 1.75, dash: [9, 3, 2, 3] };
  if (kind === 'watch') return { colour: ink.zone, width: 1.25, dash: [6, 4] };
  return { colour: ink.anchorage, width: 1.25, dash: [2, 3] };
}

function drawZone(ctx: CanvasRenderingContext2D, chart: Chart, zone: Feature<ZoneProperties>, ink: Ink, room: LabelRoom) {
  const { kind, name } = zone.properties;
  const { colour, width: lineWidth, dash } = zoneLine(kind, ink);
  ctx.beginPath();
  let top: [number, number] | null = null;
  for (const ring of rings(zone)) {
    ring.forEach(([lon, lat], i) => {
      const point = chart.project(lat, lon);
      if (i === 0) ctx.moveTo(...point);
      else ctx.lineTo(...point);
      if (!top || point[1] < top[1]) top = point;
    });
    ctx.closePath();
  }
  ctx.globalAlpha = 0.07;
  ctx.fillStyle = colour;
  ctx.fill('evenodd');
  ctx.globalAlpha = 1;
  ctx.strokeStyle = colour;
  ctx.lineWidth = lineWidth;
  ctx.setLineDash(dash);
  ctx.stroke();
  ctx.setLineDash([]);
  if (top && chart.camera().zoom >= 6) room.place(name, top[0] as number, (top[1] as number) + 4, { colour, align: 'below', italic: true });
}

function drawPorts(ctx: CanvasRenderingContext2D, chart: Chart, ports: Picture['ports'], ink: Ink, room: LabelRoom) {
  const [width, height] = chart.size();
  for (const { name, at } of ports) {
    const [x, y] = chart.project(at.lat, at.lon);
    if (x < 0 || y < 0 || x > width || y > height) continue;
    ctx.fillStyle = ink.sea;
    ctx.strokeStyle = ink.port;
    ctx.lineWidth = 1.25;
    ctx.strokeRect(x - 2.5, y - 2.5, 5, 5);
    room.place(name, x + 6, y, { colour: ink.port, align: 'right' });
  }
}

function drawTrack(ctx: CanvasRenderingContext2D, chart: Chart, track: DrawnTrack, ink: Ink, room: LabelRoom) {
  const positions = track.positions.filter(moved);
  if (positions.length === 0) return;
  ctx.strokeStyle = track.nth === 0 ? ink.track : ink.trackOther;
  ctx.lineWidth = 2;
  ctx.lineJoin = 'round';
  const points = positions.map(({ lat, lon }) => chart.project(lat, lon));
  // Heard pieces first, then the unheard ones between them, dashed.
  for (const heard of [true, false]) {
    ctx.beginPath();
    ctx.setLineDash(heard ? [] : [2, 5]);
    for (let i = 1; i < points.length; i++) {
      if (positions[i]!.time - positions[i - 1]!.time <= UNHEARD_MS !== heard) continue;
      ctx.moveTo(...points[i - 1]!);
      ctx.lineTo(...points[i]!);
    }
    ctx.stroke();
  }
  ctx.setLineDash([]);
  const [sx, sy] = points[0]!;
  ctx.fillStyle = ctx.strokeStyle;
  ctx.fillRect(sx - 2.5, sy - 2.5, 5, 5);
  const [ex, ey] = points.at(-1)!;
  room.place(track.label, ex + 14, ey + (track.nth % 2 === 0 ? -14 : 14), { colour: String(ctx.strokeStyle), align: 'right', bold: true });
}

/** Whether a position moved its vessel. */
export const moved = ({ standing }: HistoryPosition) => standing === 'used';

// Heard and not believed: small crosses beside the line.
function drawUnused(ctx: CanvasRenderingContext2D, chart: Chart, track: DrawnTrack, ink: Ink) {
  ctx.strokeStyle = track.nth === 0 ? ink.track : ink.trackOther;
  ctx.lineWidth = 1.25;
  ctx.beginPath();
  for (const { lat, lon } of track.positions.filter((at) => !moved(at))) {
    const [x, y] = chart.project(lat, lon);
    ctx.moveTo(x - 3, y - 3);
    ctx.lineTo(x + 3, y + 3);
    ctx.moveTo(x + 3, y - 3);
    ctx.lineTo(x - 3, y + 3);
  }
  ctx.stroke();
}

function drawSightings(ctx: CanvasRenderingContext2D, chart: Chart, sightings: Sighting[], ink: Ink) {
  const tracks = [...new Set(sightings.map(({ track }) => track))];
  ctx.lineWidth = 1.5;
  for (const { track, position } of sightings) {
    const [x, y] = chart.project(position.lat, position.lon);
    ctx.fillStyle = ink.halo;
    ctx.strokeStyle = tracks[0] === track ? ink.track : ink.trackOther;
    ctx.beginPath();
    ctx.arc(x, y, 2.5, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  }
}

// The place to look at: a ring with four ticks, doubled for distress.
function drawMark(ctx: CanvasRenderingContext2D, chart: Chart, mark: { at: Place; distress: boolean }, ink: Ink) {
  const [x, y] = chart.project(mark.at.lat, mark.at.lon);
  ctx.strokeStyle = mark.distress ? ink.distress : ink.alert;
  ctx.lineWidth = 2;
  ctx.beginPath();
  for (const radius of mark.distress ? [26, 31] : [26]) {
    ctx.moveTo(x + radius, y);
    ctx.arc(x, y, radius, 0, 2 * Math.PI);
  }
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    ctx.moveTo(x + dx * 22, y + dy * 22);
    ctx.lineTo(x + dx * 38, y + dy * 38);
  }
  ctx.stroke();
}

function drawBrackets(ctx: CanvasRenderingContext2D, [x, y]: [number, number], half: number, colour: string) {
  const leg = half * 0.45;
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.75;
  ctx.beginPath();
  for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
    ctx.moveTo(x + sx * (half - leg), y + sy * half);
    ctx.lineTo(x + sx * half, y + sy * half);
    ctx.lineTo(x + sx * half, y + sy * (half - leg));
  }
  ctx.stroke();
}
