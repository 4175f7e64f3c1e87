// Where most of the vessels are: a few wrong positions must not stretch the picture over the world.

interface At {
  lat: number;
  lon: number;
}

// Ours: leaves out the outermost twentieth on each side once there are enough to judge.
const LEFT_OUT = 0.05;
const ENOUGH = 20;

/** Two corners around the middle nine tenths; all of them when they are few. */
export function middle(places: At[]): At[] {
  if (places.length < ENOUGH) return places;
  const cut = Math.floor(places.length * LEFT_OUT);
  const span = (values: number[]): [number, number] => {
    const sorted = values.toSorted((a, b) => a - b);
    return [sorted[cut]!, sorted[sorted.length - 1 - cut]!];
  };
  const [south, north] = span(places.map(({ lat }) => lat));
  const [west, east] = span(places.map(({ lon }) => lon));
  return [{ lat: south, lon: west }, { lat: north, lon: east }];
}
