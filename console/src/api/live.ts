// The moving picture: binary frames with the positions in the box on screen, at most one a second.

import type { Box } from './types';

const HEADER_BYTES = 16;
const ROW_BYTES = 32;
const RETRY_MS = 2_000;

export interface LiveRow {
  track: string;
  mmsi: number;
  lat: number;
  lon: number;
  speed: number | null;
  course: number | null;
  heading: number | null;
  ageSeconds: number;
  class: number;
  status: number;
  shipType: number;
  alerted: boolean;
  gone: boolean;
}

export interface Frame {
  full: boolean;
  now: number;
  rows: LiveRow[];
}

const HAS_PART = 1n << 47n;
const PART_SHIFT = 39n;

/** `site-sequence` or `site-sequence.part`, as the rest of the API writes a track. */
export function trackName(id: bigint): string {
  const site = id >> 48n;
  if ((id & HAS_PART) === 0n) return `${site}-${id & (HAS_PART - 1n)}`;
  return `${site}-${id & ((1n << PART_SHIFT) - 1n)}.${(id >> PART_SHIFT) & 0xffn}`;
}

/** Reads one frame; a frame cut short gives the rows that are whole. */
export function decode(buffer: ArrayBuffer): Frame {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES) return { full: false, now: 0, rows: [] };
  const fits = Math.floor((buffer.byteLength - HEADER_BYTES) / ROW_BYTES);
  const count = Math.min(view.getUint32(4, true), fits);
  const rows: LiveRow[] = new Array(count);
  const known = (value: number) => (value === 0xffff ? null : value);
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ROW_BYTES;
    const speed = known(view.getUint16(at + 20, true));
    const course = known(view.getUint16(at + 22, true));
    const flags = view.getUint8(at + 31);
    rows[i] = {
      track: trackName(view.getBigUint64(at, true)),
      mmsi: view.getUint32(at + 8, true),
      lat: view.getInt32(at + 12, true) / 600_000,
      lon: view.getInt32(at + 16, true) / 600_000,
      speed: speed === null ? null : speed / 10,
      course: course === null ? null : course / 10,
      heading: known(view.getUint16(at + 24, true)),
      ageSeconds: view.getUint16(at + 26, true),
      class: view.getUint8(at + 28),
      status: view.getUint8(at + 29),
      shipType: view.getUint8(at + 30),
      alerted: (flags & 1) !== 0,
      gone: (flags & 2) !== 0,
    };
  }
  return { full: view.getUint8(0) === 0, now: Number(view.getBigInt64(8, true)), rows };
}

export interface Live {
  /** Asks for another part of the chart. */
  show(box: Box): void;
  close(): void;
}

/** Opens the live picture and keeps it open; `lost` is told when it breaks and when it is back. */
export function openLive(onFrame: (frame: Frame) => void, lost: (is: boolean) => void): Live {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let box: Box | undefined;
  let closed = false;

  const send = () => {
    if (box && socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(box));
  };
  const open = () => {
    const url = new URL('/api/live', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      lost(false);
      send();
    };
    socket.onmessage = (event) => {
      if (event.data instanceof ArrayBuffer) onFrame(decode(event.data));
    };
    socket.onclose = () => {
      if (closed) return;
      lost(true);
      timer = setTimeout(open, RETRY_MS);
    };
  };
  open();
  return {
    show(next) {
      box = next;
      send();
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}
