// A small sea off Sihanoukville, told line by line to whoever connects, as a receiver on a mast would.

import { createServer } from 'node:net';
import { once } from 'node:events';
import { identity, position } from './nmea.mjs';

/** Names that must stay text wherever they are shown. */
export const HOSTILE_NAMES = ['<SCRIPT SRC=//X.YZ>', '=HYPERLINK("//X.YZ")'];

// Far enough out that no port is near, and in the picture the test looks at.
const MIDDLE = { lat: 10.25, lon: 102.9 };
const VESSELS = 24;

function fleet() {
  return Array.from({ length: VESSELS }, (_, i) => ({
    mmsi: 514_000_100 + i,
    name: HOSTILE_NAMES[i] ?? `TEST VESSEL ${i}`,
    shipType: [70, 80, 30, 60, 52, 37][i % 6],
    lat: MIDDLE.lat + 0.5 * Math.sin(i * 2.4) * Math.sqrt(i / VESSELS),
    lon: MIDDLE.lon + 0.5 * Math.cos(i * 2.4) * Math.sqrt(i / VESSELS),
    speed: 8 + (i % 5),
    course: (i * 47) % 360,
  }));
}

/** Opens the sea on a free port; vessels report every second, and sail faster than they say so that a short test sees it. */
export async function openSea() {
  const vessels = fleet();
  const sockets = new Set();
  const say = (lines) => sockets.forEach((socket) => socket.write(lines.map((line) => `${line}\r\n`).join('')));
  const introduce = () => say(vessels.flatMap((vessel, i) => identity(vessel, i % 10)));
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    sockets.add(socket);
    introduce();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  let seconds = 0;
  const timer = setInterval(() => {
    for (const vessel of vessels) {
      const miles = vessel.speed / 3600;
      const heading = (vessel.course * Math.PI) / 180;
      vessel.lat += (miles / 60) * Math.cos(heading);
      vessel.lon += ((miles / 60) * Math.sin(heading)) / Math.cos((vessel.lat * Math.PI) / 180);
    }
    say(vessels.flatMap(position));
    if (++seconds % 10 === 0) introduce();
  }, 1_000);

  return {
    port: server.address().port,
    vessels,
    middle: MIDDLE,
    /** A search and rescue transmitter is heard. */
    callForHelp() {
      say(position({ mmsi: 970_514_032, ...MIDDLE, speed: 0.4, course: 90, status: 14 }));
    },
    close() {
      clearInterval(timer);
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}
