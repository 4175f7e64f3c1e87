// What is on screen, all of it in the address: a link or a reload shows the same again.

import type { Queue } from '../api/types';

export interface Camera {
  lat: number;
  lon: number;
  zoom: number;
}

/** What the coverage layer shows; no receiver is the best of all. */
export interface CoverageChoice {
  class: 'a' | 'b';
  hours: string;
  receiver: string | null;
}

const HOURS = ['now', 'all', '0-6', '6-12', '12-18', '18-24'];

function readCoverage(text: string | null): CoverageChoice | null {
  if (text === null) return null;
  const [letter, hours = 'now', ...receiver] = text.split(',');
  return { class: letter === 'b' ? 'b' : 'a', hours: HOURS.includes(hours) ? hours : 'now', receiver: receiver.join(',') || null };
}

const TABS: Queue[] = ['open', 'decided', 'record', 'all'];

// Gulf of Thailand, until the receivers' places are known. Ours.
export const HOME: Camera = { lat: 10.4, lon: 102.2, zoom: 7 };

class View {
  tab = $state<Queue>('open');
  alert = $state<string | null>(null);
  vessel = $state<string | null>(null);
  /** Whether the receivers' page is open. */
  receivers = $state(false);
  /** Null while the coverage layer is off. */
  coverage = $state.raw<CoverageChoice | null>(null);
  camera = $state.raw<Camera | null>(null);
  /** `canvas` forces the picture without WebGL. */
  renderer = $state<string | null>(null);
  /** Counts the times the address was moved by the browser, for who must follow it. */
  moved = $state(0);

  constructor() {
    this.read();
    addEventListener('popstate', () => {
      this.read();
      this.moved += 1;
    });
  }

  private read() {
    const params = new URLSearchParams(location.search);
    const tab = params.get('tab') as Queue | null;
    this.tab = tab !== null && TABS.includes(tab) ? tab : 'open';
    this.alert = params.get('alert');
    this.vessel = params.get('vessel');
    this.receivers = params.has('receivers');
    this.coverage = readCoverage(params.get('coverage'));
    this.renderer = params.get('renderer');
    const [lat, lon, zoom] = (params.get('at') ?? '').split(',').map(Number);
    const given = [lat, lon, zoom].every((n) => n !== undefined && Number.isFinite(n));
    this.camera = given ? { lat: lat!, lon: lon!, zoom: zoom! } : null;
  }

  private write(step: 'push' | 'replace') {
    const params = new URLSearchParams();
    if (this.tab !== 'open') params.set('tab', this.tab);
    if (this.alert) params.set('alert', this.alert);
    if (this.vessel) params.set('vessel', this.vessel);
    if (this.receivers) params.set('receivers', '');
    if (this.coverage) {
      const { class: letter, hours, receiver } = this.coverage;
      params.set('coverage', [letter, hours, ...(receiver === null ? [] : [receiver])].join(','));
    }
    if (this.renderer) params.set('renderer', this.renderer);
    const text = params.toString();
    const at = this.camera
      ? `at=${this.camera.lat.toFixed(5)},${this.camera.lon.toFixed(5)},${this.camera.zoom.toFixed(2)}`
      : '';
    const search = [text, at].filter(Boolean).join('&');
    const url = search ? `?${search}` : location.pathname;
    if (step === 'push') history.pushState(null, '', url);
    else history.replaceState(null, '', url);
  }

  openAlert(id: string | null) {
    if (this.alert === id && this.vessel === null && !this.receivers) return;
    this.alert = id;
    this.vessel = null;
    this.receivers = false;
    this.write('push');
  }

  /** A vessel card lies over the alert it was opened from. */
  openVessel(track: string | null) {
    if (this.vessel === track) return;
    this.vessel = track;
    this.write('push');
  }

  /** The receivers' page lies over the alert, and under a vessel's card. */
  openReceivers(open: boolean) {
    if (this.receivers === open && this.vessel === null) return;
    this.receivers = open;
    this.vessel = null;
    this.write('push');
  }

  showCoverage(choice: CoverageChoice | null) {
    this.coverage = choice;
    this.write('replace');
  }

  openTab(tab: Queue) {
    if (this.tab === tab) return;
    this.tab = tab;
    this.write('push');
  }

  moveTo(camera: Camera) {
    this.camera = camera;
    this.write('replace');
  }
}

export const view = new View();

/** The address of an alert's or a vessel's own page, with everything else as it is. */
export function address(change: { alert?: string; vessel?: string }): string {
  const params = new URLSearchParams(location.search);
  if (change.alert !== undefined) {
    params.set('alert', change.alert);
    params.delete('vessel');
  }
  if (change.vessel !== undefined) params.set('vessel', change.vessel);
  return `?${params}`;
}
