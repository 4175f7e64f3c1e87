// Live vessels on a plain canvas, in the same shapes and colours as the WebGL layer.

import { SHAPE, type Fleet } from './fleet';
import { colourOf, type Ink } from './ink';

export function drawVessels(
  ctx: CanvasRenderingContext2D,
  fleet: Fleet,
  ink: Ink,
  project: (lat: number, lon: number) => [number, number],
  [width, height]: [number, number],
  size: number,
) {
  ctx.lineWidth = 1;
  ctx.strokeStyle = ink.outline;
  for (const vessel of fleet.vessels.values()) {
    const [x, y] = project(vessel.lat, vessel.lon);
    if (x < -30 || y < -30 || x > width + 30 || y > height + 30) continue;
    ctx.save();
    ctx.translate(x, y);
    const sart = vessel.shape === SHAPE.sart;
    if (vessel.alerted) {
      ctx.strokeStyle = sart ? ink.distress : ink.alert;
      ctx.lineWidth = 2;
      ctx.beginPath();
      ctx.arc(0, 0, size * (sart ? 2.2 : 1.62), 0, 2 * Math.PI);
      ctx.stroke();
    }
    ctx.globalAlpha = fleet.strength(vessel);
    ctx.rotate(vessel.angle);
    const reach = sart ? size * 1.35 : size;
    ctx.scale(reach, reach);
    const colour = colourOf(vessel, ink);
    shape(ctx, vessel.shape, colour, ink.outline);
    ctx.restore();
  }
}

function shape(ctx: CanvasRenderingContext2D, kind: number, colour: string, outline: string) {
  ctx.fillStyle = colour;
  ctx.strokeStyle = outline;
  ctx.lineWidth = 0.12;
  ctx.beginPath();
  if (kind === SHAPE.arrow) polygon(ctx, [[0, -1], [0.55, 0.78], [0, 0.35], [-0.55, 0.78]]);
  else if (kind === SHAPE.diamond) polygon(ctx, [[0, -0.85], [0.85, 0], [0, 0.85], [-0.85, 0]]);
  else if (kind === SHAPE.dot) ctx.arc(0, 0, 0.55, 0, 2 * Math.PI);
  else if (kind === SHAPE.aircraft) {
    ctx.rect(-0.16, -0.95, 0.32, 1.9);
    ctx.rect(-0.95, -0.3, 1.9, 0.4);
    ctx.rect(-0.42, 0.61, 0.84, 0.28);
  } else return lined(ctx, kind, colour);
  ctx.fill();
  ctx.stroke();
}

/** The shapes that are lines: distress device, aid to navigation, base station. */
function lined(ctx: CanvasRenderingContext2D, kind: number, colour: string) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = 0.3;
  if (kind === SHAPE.sart) {
    ctx.arc(0, 0, 0.82, 0, 2 * Math.PI);
    ctx.moveTo(-0.5, -0.5);
    ctx.lineTo(0.5, 0.5);
    ctx.moveTo(-0.5, 0.5);
    ctx.lineTo(0.5, -0.5);
  } else if (kind === SHAPE.mark) {
    polygon(ctx, [[0, -0.85], [0.85, 0], [0, 0.85], [-0.85, 0]]);
    ctx.moveTo(-0.35, 0);
    ctx.lineTo(0.35, 0);
    ctx.moveTo(0, -0.35);
    ctx.lineTo(0, 0.35);
  } else {
    ctx.rect(-0.7, -0.7, 1.4, 1.4);
    ctx.moveTo(0.15, 0);
    ctx.arc(0, 0, 0.15, 0, 2 * Math.PI);
  }
  ctx.stroke();
}

function polygon(ctx: CanvasRenderingContext2D, points: [number, number][]) {
  points.forEach(([x, y], i) => (i === 0 ? ctx.moveTo(x, y) : ctx.lineTo(x, y)));
  ctx.closePath();
}
