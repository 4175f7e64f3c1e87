// The coverage layer: what is shown of it, and the cells.

import { get, query } from '../api/http';
import type { Coverage, CoverageCell } from '../api/types';
import { view } from './view.svelte';
import { watch } from './watch.svelte';

// What was learned changes slowly. Ours.
const AGAIN_MS = 30_000;

/** The quarters of the UTC day, as the watch names them. */
export const QUARTERS = ['0-6', '6-12', '12-18', '18-24'] as const;

/** How well a cell is heard. The bounds are ours, unproven. */
export const BANDS = [
  { name: 'well', least: 0.8 },
  { name: 'mostly', least: 0.5 },
  { name: 'seldom', least: 0.05 },
] as const;
export type Band = (typeof BANDS)[number]['name'] | 'not_heard' | 'too_little';

/** The lower bound decides; what is likely heard less than one time in twenty is not heard. */
export function bandOf({ chance, lower }: CoverageCell): Band {
  if (chance === null || lower === null) return 'too_little';
  if (chance < 0.05) return 'not_heard';
  return BANDS.find(({ least }) => lower >= least)?.name ?? 'seldom';
}

const key = (south: number, west: number, size: number) => `${Math.round(south / size)},${Math.round(west / size)}`;

class CoverageLayer {
  /** One cell a place. */
  cells = $state.raw<CoverageCell[]>([]);
  size = $state(0.05);
  failed = $state(false);
  loading = $state(false);
  private byPlace = new Map<string, CoverageCell>();
  private asked = 0;

  get on() {
    return view.coverage !== null;
  }

  /** What the cell under a place says. */
  at(lat: number, lon: number): CoverageCell | null {
    const wrapped = ((((lon + 180) % 360) + 360) % 360) - 180;
    const [south, west] = [Math.floor(lat / this.size), Math.floor(wrapped / this.size)];
    return this.byPlace.get(`${south},${west}`) ?? null;
  }

  /** Asks for what the address names, again and again, until the returned function is called. */
  follow(): () => void {
    const read = () => void this.read();
    read();
    const timer = setInterval(read, AGAIN_MS);
    return () => {
      clearInterval(timer);
      this.asked += 1;
      this.take([], this.size);
    };
  }

  private async read() {
    const wanted = view.coverage;
    if (!wanted) return;
    const asked = ++this.asked;
    this.loading = true;
    const quarter = Math.floor(new Date(watch.now).getUTCHours() / 6);
    const hours = wanted.hours === 'now' ? QUARTERS[quarter] : wanted.hours === 'all' ? undefined : wanted.hours;
    const path = query('/api/coverage', { receiver: wanted.receiver ?? undefined, class: wanted.class, hours });
    const answer = await get<Coverage>(path).catch(() => null);
    if (asked !== this.asked) return;
    this.loading = false;
    this.failed = answer === null;
    if (answer) this.take(answer.cells, answer.size_deg);
  }

  /** Of several times of the day, the one that is heard least stands for the place. */
  private take(cells: CoverageCell[], size: number) {
    const byPlace = new Map<string, CoverageCell>();
    for (const cell of cells) {
      const place = key(cell.south, cell.west, size);
      const known = byPlace.get(place);
      if (!known || (cell.lower !== null && (known.lower === null || cell.lower < known.lower))) byPlace.set(place, cell);
    }
    [this.byPlace, this.size, this.cells] = [byPlace, size, [...byPlace.values()]];
  }
}

export const coverage = new CoverageLayer();
