// Just enough of AIS to make a small sea: messages 1 and 5 as sentences. Source: ITU-R M.1371-5.

const bits = (value, width) => (BigInt(Math.round(value)) & ((1n << BigInt(width)) - 1n)).toString(2).padStart(width, '0');

const text = (words, letters) =>
  [...words.padEnd(letters, '@')].map((letter) => bits(letter.charCodeAt(0) & 63, 6)).join('');

/** Two digits that show damage. */
export const checksum = (body) =>
  [...body].reduce((sofar, letter) => sofar ^ letter.charCodeAt(0), 0).toString(16).toUpperCase().padStart(2, '0');

function sentences(payloadBits, sequence) {
  const fill = (6 - (payloadBits.length % 6)) % 6;
  const padded = payloadBits + '0'.repeat(fill);
  let payload = '';
  for (let i = 0; i < padded.length; i += 6) {
    const n = Number.parseInt(padded.slice(i, i + 6), 2);
    payload += String.fromCharCode(n < 40 ? n + 48 : n + 56);
  }
  const parts = payload.match(/.{1,60}/g);
  return parts.map((part, i) => {
    const last = i === parts.length - 1;
    const body = `AIVDM,${parts.length},${i + 1},${parts.length > 1 ? sequence : ''},A,${part},${last ? fill : 0}`;
    return `!${body}*${checksum(body)}`;
  });
}

/** Message 1: where a class A station is. */
export function position({ mmsi, lat, lon, speed, course, status = 0, second = new Date().getUTCSeconds() }) {
  return sentences(
    bits(1, 6) + bits(0, 2) + bits(mmsi, 30) + bits(status, 4) + bits(128, 8) + bits(speed * 10, 10) + bits(1, 1) +
      bits(lon * 600_000, 28) + bits(lat * 600_000, 27) + bits(course * 10, 12) + bits(511, 9) +
      bits(second, 6) + bits(0, 2 + 3 + 1 + 19),
    0,
  );
}

/** Message 5: what it calls itself. */
export function identity({ mmsi, name, callSign = 'XUTEST', shipType = 70 }, sequence) {
  return sentences(
    bits(5, 6) + bits(0, 2) + bits(mmsi, 30) + bits(0, 2) + bits(0, 30) + text(callSign, 7) + text(name, 20) +
      bits(shipType, 8) + bits(40, 9) + bits(20, 9) + bits(6, 6) + bits(6, 6) + bits(1, 4) + bits(0, 20) + bits(32, 8) +
      text('SIHANOUKVILLE', 20) + bits(0, 2),
    sequence,
  );
}
