// The land tiles for the chart without WebGL: fetched, read and kept as paths.

import { VectorTile } from '@mapbox/vector-tile';
import { PbfReader } from 'pbf';

const TILES_KEPT = 256;

export interface LandTile {
  /** Tile units; scale by the tile's size over `extent`. */
  land: Path2D;
  coast: Path2D;
  rivers: Path2D;
  extent: number;
}

export class LandTiles {
  private tiles = new Map<string, LandTile | 'asked' | 'none'>();

  constructor(private readonly arrived: () => void) {}

  /** The tile, or nothing yet; asks for it once. */
  get(z: number, x: number, y: number): LandTile | null {
    const key = `${z}/${x}/${y}`;
    const tile = this.tiles.get(key);
    if (tile === undefined) this.ask(key);
    else if (typeof tile === 'object') {
      // Touched last, dropped last.
      this.tiles.delete(key);
      this.tiles.set(key, tile);
      return tile;
    }
    return null;
  }

  /** The tile if it is here; never asks. */
  peek(z: number, x: number, y: number): LandTile | null {
    const tile = this.tiles.get(`${z}/${x}/${y}`);
    return typeof tile === 'object' ? tile : null;
  }

  private async ask(key: string) {
    this.tiles.set(key, 'asked');
    try {
      const response = await fetch(`/tiles/${key}`);
      const bytes = response.status === 200 ? await response.arrayBuffer() : new ArrayBuffer(0);
      this.tiles.set(key, bytes.byteLength > 0 ? read(bytes) : 'none');
    } catch {
      this.tiles.delete(key);
      return;
    }
    for (const old of this.tiles.keys()) {
      if (this.tiles.size <= TILES_KEPT) break;
      this.tiles.delete(old);
    }
    this.arrived();
  }
}

function read(bytes: ArrayBuffer): LandTile {
  const { layers } = new VectorTile(new PbfReader(bytes));
  const extent = layers.land?.extent ?? 4096;
  const tile: LandTile = { land: new Path2D(), coast: new Path2D(), rivers: new Path2D(), extent };
  for (let i = 0; i < (layers.land?.length ?? 0); i++) {
    for (const ring of layers.land!.feature(i).loadGeometry()) {
      ring.forEach(({ x, y }, n) => (n === 0 ? tile.land.moveTo(x, y) : tile.land.lineTo(x, y)));
      tile.land.closePath();
      // A ring is cut along the tile's edge; that cut is no coast.
      ring.forEach(({ x, y }, n) => {
        const before = ring[n - 1];
        const cut =
          !before ||
          (x === before.x && (x <= 0 || x >= extent)) ||
          (y === before.y && (y <= 0 || y >= extent));
        if (cut) tile.coast.moveTo(x, y);
        else tile.coast.lineTo(x, y);
      });
    }
  }
  for (let i = 0; i < (layers.rivers?.length ?? 0); i++) {
    for (const line of layers.rivers!.feature(i).loadGeometry()) {
      line.forEach(({ x, y }, n) => (n === 0 ? tile.rivers.moveTo(x, y) : tile.rivers.lineTo(x, y)));
    }
  }
  return tile;
}
