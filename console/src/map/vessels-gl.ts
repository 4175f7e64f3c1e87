// Live vessels as one instanced draw: a quad each, its shape worked out in the fragment shader.
// A GeoJSON source starves at 20,000 vessels; this does not (measured: 16-67 ms in software WebGL).

import type { CustomLayerInterface, Map as MapLibreMap } from 'maplibre-gl';
import type { Fleet } from './fleet';
import { colourOf, rgb, type Ink } from './ink';
import { worldPx, worldX, worldY } from './mercator';
import { vesselSize } from './vessel-size';

const FLOATS = 9;

const VERTEX = `#version 300 es
precision highp float;
in vec2 corner;
in vec2 place;
in vec2 turn;    // angle, strength
in vec4 colour;  // rgb, shape
in float ring;
uniform vec2 offset;   // origin - centre, pixels
uniform vec2 viewport; // half size, pixels
uniform float scale;   // pixels per world
uniform float size;
out vec2 at;
out vec4 tint;
flat out int shape;
flat out float ringed;
void main() {
  vec2 px = place * scale + offset;
  shape = int(colour.a + 0.5);
  // A distress device is drawn larger than any vessel.
  // Room for the ring only where there is one: what is drawn for nothing costs most in software.
  float room = ring > 0.5 ? 1.9 : 1.2;
  float reach = size * room * (shape == 3 ? 1.35 : 1.0);
  at = corner * room;
  tint = vec4(colour.rgb, turn.y);
  ringed = ring;
  // Only the shape turns; the ring is round.
  float c = cos(turn.x), s = sin(turn.x);
  vec2 local = corner * reach;
  vec2 turned = vec2(local.x * c - local.y * s, local.x * s + local.y * c);
  gl_Position = vec4((px.x + turned.x) / viewport.x, -(px.y + turned.y) / viewport.y, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
in vec4 tint;
flat in int shape;
flat in float ringed;
uniform vec3 outline;
uniform vec3 alertColour;
uniform vec3 distressColour;
uniform float pixel;
out vec4 colour;
float box(vec2 p, vec2 b) { vec2 d = abs(p) - b; return max(d.x, d.y); }
float arrow(vec2 p) {
  float sides = dot(vec2(abs(p.x), p.y + 1.0), normalize(vec2(2.0, -0.62)));
  float notch = p.y - 0.78 + 0.45 * (1.0 - min(1.0, abs(p.x) / 0.55)) ;
  return max(sides, notch);
}
float craft(vec2 p) {
  float body = box(p, vec2(0.16, 0.95));
  float wing = box(p - vec2(0.0, -0.1), vec2(0.95, 0.2));
  float tail = box(p - vec2(0.0, 0.75), vec2(0.42, 0.14));
  return min(body, min(wing, tail));
}
float sart(vec2 p) {
  float circle = abs(length(p) - 0.9) - 0.13;
  vec2 q = vec2(p.x + p.y, p.y - p.x) * 0.7071;
  float cross_ = min(box(q, vec2(0.85, 0.12)), box(q, vec2(0.12, 0.85)));
  return min(circle, max(cross_, length(p) - 0.9));
}
float mark(vec2 p) {
  float rim = abs(abs(p.x) + abs(p.y) - 0.85) - 0.16;
  float plus = min(box(p, vec2(0.35, 0.08)), box(p, vec2(0.08, 0.35)));
  return min(rim, plus);
}
float base(vec2 p) { return min(abs(box(p, vec2(0.7))) - 0.13, length(p) - 0.25); }
float dist(vec2 p) {
  if (shape == 0) return arrow(p);
  if (shape == 1) return (abs(p.x) + abs(p.y) - 0.85) * 0.7071;
  if (shape == 2) return length(p) - 0.55;
  if (shape == 3) return sart(p);
  if (shape == 4) return craft(p);
  if (shape == 5) return mark(p);
  return base(p);
}
void main() {
  float d = dist(at);
  // The shapes made of lines carry no outline, or it would fill them.
  float edge = shape == 3 || shape >= 5 ? 0.0 : 1.3 * pixel;
  float inside = 1.0 - smoothstep(-pixel * 0.5, pixel * 0.5, d);
  float line = 1.0 - smoothstep(edge - pixel * 0.5, edge + pixel * 0.5, d);
  vec4 c = vec4(outline, line * 0.75 * tint.a);
  c = mix(c, tint, inside);
  if (ringed > 0.5) {
    float r = abs(length(at) - 1.62) - 0.09;
    float a = 1.0 - smoothstep(-pixel * 0.5, pixel * 0.5, r);
    c = mix(c, vec4(shape == 3 ? distressColour : alertColour, 1.0), a);
  }
  if (c.a < 0.01) discard;
  colour = vec4(c.rgb * c.a, c.a);
}`;

/** The custom layer to put on top of the MapLibre style. */
export class VesselLayer implements CustomLayerInterface {
  readonly id = 'vessels';
  readonly type = 'custom' as const;
  readonly renderingMode = '2d' as const;
  private map: MapLibreMap | undefined;
  private program: WebGLProgram | undefined;
  private array: WebGLVertexArrayObject | undefined;
  private buffer: WebGLBuffer | undefined;
  private data = new Float32Array(0);
  private count = 0;
  private origin = { x: 0.5, y: 0.5 };
  private stale = true;
  private at: Record<string, WebGLUniformLocation | null> = {};

  constructor(
    private readonly fleet: Fleet,
    private ink: Ink,
  ) {}

  refresh() {
    this.stale = true;
    this.map?.triggerRepaint();
  }

  paint(ink: Ink) {
    this.ink = ink;
    this.refresh();
  }

  onAdd(map: MapLibreMap, gl: WebGL2RenderingContext) {
    this.map = map;
    this.stale = true;
    const program = link(gl);
    this.program = program;
    const names = ['offset', 'viewport', 'scale', 'size', 'outline', 'alertColour', 'distressColour', 'pixel'];
    this.at = Object.fromEntries(names.map((name) => [name, gl.getUniformLocation(program, name)]));
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    const corners = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, corners);
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW);
    attribute(gl, program, 'corner', 2, 0, 0, 0);
    this.buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer);
    attribute(gl, program, 'place', 2, FLOATS, 0, 1);
    attribute(gl, program, 'turn', 2, FLOATS, 2, 1);
    attribute(gl, program, 'colour', 4, FLOATS, 4, 1);
    attribute(gl, program, 'ring', 1, FLOATS, 8, 1);
    gl.bindVertexArray(null);
  }

  onRemove(_map: MapLibreMap, gl: WebGL2RenderingContext) {
    if (this.program) gl.deleteProgram(this.program);
    if (this.buffer) gl.deleteBuffer(this.buffer);
    if (this.array) gl.deleteVertexArray(this.array);
  }

  render(gl: WebGL2RenderingContext) {
    const map = this.map;
    if (!map || !this.program || !this.array || !this.buffer) return;
    const centre = map.getCenter();
    const [cx, cy] = [worldX(centre.lng), worldY(centre.lat)];
    if (this.stale) this.fill(gl, cx, cy);
    if (this.count === 0) return;
    const scale = worldPx(map.getZoom());
    const { clientWidth: width, clientHeight: height } = map.getCanvas();
    gl.useProgram(this.program);
    gl.bindVertexArray(this.array);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.disable(gl.CULL_FACE);
    const size = vesselSize(map.getZoom());
    gl.uniform2f(this.at.viewport!, width / 2, height / 2);
    gl.uniform1f(this.at.scale!, scale);
    gl.uniform1f(this.at.size!, size);
    gl.uniform1f(this.at.pixel!, 1 / (size * devicePixelRatio) + 0.02);
    gl.uniform3fv(this.at.outline!, rgb(this.ink.outline));
    gl.uniform3fv(this.at.alertColour!, rgb(this.ink.alert));
    gl.uniform3fv(this.at.distressColour!, rgb(this.ink.distress));
    // The world repeats: draw each copy that can be on screen.
    const half = width / 2 / scale + 0.5;
    for (let turn = Math.ceil(-half); turn <= half; turn++) {
      gl.uniform2f(this.at.offset!, (this.origin.x + turn - cx) * scale, (this.origin.y - cy) * scale);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, this.count);
    }
    gl.bindVertexArray(null);
  }

  // Positions go in relative to the centre at the time, or 32 bits would shake when zoomed in.
  private fill(gl: WebGL2RenderingContext, cx: number, cy: number) {
    const { vessels } = this.fleet;
    if (this.data.length < vessels.size * FLOATS) this.data = new Float32Array(Math.ceil(vessels.size * 1.5) * FLOATS);
    this.origin = { x: cx, y: cy };
    const tints = new Map<string, [number, number, number]>();
    const tintOf = (colour: string) => {
      const tint = tints.get(colour) ?? rgb(colour);
      tints.set(colour, tint);
      return tint;
    };
    let i = 0;
    for (const vessel of vessels.values()) {
      const { data } = this;
      data[i] = vessel.x - cx;
      data[i + 1] = vessel.y - cy;
      data[i + 2] = vessel.angle;
      data[i + 3] = this.fleet.strength(vessel);
      data.set(tintOf(colourOf(vessel, this.ink)), i + 4);
      data[i + 7] = vessel.shape;
      data[i + 8] = vessel.alerted ? 1 : 0;
      i += FLOATS;
    }
    this.count = vessels.size;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer!);
    gl.bufferData(gl.ARRAY_BUFFER, this.data.subarray(0, i), gl.DYNAMIC_DRAW);
    this.stale = false;
  }
}

function attribute(
  gl: WebGL2RenderingContext,
  program: WebGLProgram,
  name: string,
  size: number,
  stride: number,
  from: number,
  divisor: number,
) {
  const at = gl.getAttribLocation(program, name);
  if (at < 0) return;
  gl.enableVertexAttribArray(at);
  gl.vertexAttribPointer(at, size, gl.FLOAT, false, stride * 4, from * 4);
  gl.vertexAttribDivisor(at, divisor);
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind)!;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`the vessels' shader does not link: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
