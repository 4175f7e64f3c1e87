// Day, dusk and night, after the idea of IHO S-52: by night only thin lines are bright.

export const PALETTES = ['day', 'dusk', 'night'] as const;
export type Palette = (typeof PALETTES)[number];

const KEPT = 'watchkeeper.palette';

class PaletteChoice {
  name = $state<Palette>('day');

  constructor() {
    const kept = localStorage.getItem(KEPT) as Palette | null;
    this.choose(kept !== null && PALETTES.includes(kept) ? kept : 'day');
  }

  choose(name: Palette) {
    this.name = name;
    document.documentElement.dataset.palette = name;
    localStorage.setItem(KEPT, name);
  }

  next() {
    this.choose(PALETTES[(PALETTES.indexOf(this.name) + 1) % PALETTES.length]!);
  }
}

export const palette = new PaletteChoice();
