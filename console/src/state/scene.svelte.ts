// What lies over the chart: zones, ports, the tracks and sightings of what is open.

import { get, query } from '../api/http';
import type {
  Alert, Box, Features, HistoryPosition, Place, PortProperties, Sighting, Vessel, ZoneProperties,
} from '../api/types';
import { vesselName } from '../words/show';

const HOUR = 3_600_000;
/** How much of a track is drawn before and after what an alert rests on. */
const ALERT_MARGIN_MS = 6 * HOUR;
const VESSEL_PAST_MS = 24 * HOUR;
const PAGE = 5_000;
const PAGES_MAX = 4;
// Below this zoom port names would only cover each other.
const PORTS_ZOOM_MIN = 5.5;

export interface DrawnTrack {
  track: string;
  label: string;
  /** The first subject's line differs from the others'. */
  nth: number;
  positions: HistoryPosition[];
}

class Scene {
  zones = $state.raw<Features<ZoneProperties>['features']>([]);
  ports = $state.raw<{ name: string; at: Place }[]>([]);
  tracks = $state.raw<DrawnTrack[]>([]);
  sightings = $state.raw<Sighting[]>([]);
  /** Where the open alert says to look. */
  mark = $state.raw<{ at: Place; distress: boolean } | null>(null);
  /** The track of the vessel whose card is open. */
  selected = $state<string | null>(null);
  loadingTracks = $state(false);

  private asked = 0;
  private portsBox = '';

  async loadZones() {
    this.zones = (await get<Features<ZoneProperties>>('/api/zones')).features;
  }

  async loadPorts(box: Box, zoom: number) {
    if (zoom < PORTS_ZOOM_MIN) {
      this.ports = [];
      this.portsBox = '';
      return;
    }
    // Whole degrees outward, so that a small move asks for nothing.
    const [west, south, east, north] = [Math.floor(box.west), Math.floor(box.south), Math.ceil(box.east), Math.ceil(box.north)];
    const key = `${west},${south},${east},${north}`;
    if (key === this.portsBox) return;
    this.portsBox = key;
    const found = await get<Features<PortProperties>>(query('/api/ports', { west, south, east, north })).catch(() => null);
    if (!found || key !== this.portsBox) return;
    this.ports = found.features.flatMap(({ geometry, properties }) =>
      geometry.type === 'Point' ? [{ name: properties.name, at: { lon: geometry.coordinates[0], lat: geometry.coordinates[1] } }] : [],
    );
  }

  async showAlert(alert: Alert, now: number) {
    this.mark = alert.position && { at: alert.position, distress: alert.priority === 'distress' };
    this.sightings = alert.sightings;
    this.selected = null;
    const from = alert.began_at - ALERT_MARGIN_MS;
    const to = Math.min(alert.updated_at + ALERT_MARGIN_MS, now);
    await this.load(alert.subjects.map(({ track, name, mmsi }) => ({ track, label: vesselName(name, mmsi) })), from, to);
  }

  async showVessel(vessel: Vessel, label: string, now: number) {
    this.selected = vessel.track;
    await this.load([{ track: vessel.track, label }], now - VESSEL_PAST_MS, now);
  }

  clear() {
    this.asked += 1;
    this.tracks = [];
    this.sightings = [];
    this.mark = null;
    this.selected = null;
    this.loadingTracks = false;
  }

  private async load(subjects: { track: string; label: string }[], from: number, to: number) {
    const asked = ++this.asked;
    this.loadingTracks = true;
    const tracks = await Promise.all(
      subjects.map(async ({ track, label }, nth) => ({ track, label, nth, positions: await positionsOf(track, from, to) })),
    );
    if (asked !== this.asked) return;
    this.tracks = tracks;
    this.loadingTracks = false;
  }
}

async function positionsOf(track: string, from: number, to: number): Promise<HistoryPosition[]> {
  const positions: HistoryPosition[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const path = query('/api/history/track', {
      track, from: Math.round(from), to: Math.round(to), format: 'json', limit: PAGE, cursor,
    });
    const answer = await get<{ positions: HistoryPosition[]; next: string | null }>(path).catch(() => null);
    if (!answer) break;
    positions.push(...answer.positions);
    if (answer.next === null) break;
    cursor = answer.next;
  }
  return positions.sort((a, b) => a.time - b.time);
}

export const scene = new Scene();
