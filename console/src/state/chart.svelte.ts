// The one chart on the page, for the keys and panels that move it.

import { cameraFor, type Chart } from '../map/chart';
import type { Alert, Place } from '../api/types';
import { view } from './view.svelte';

// Close enough to see two vessels side by side, far enough to see the coast they are off. Ours.
const LOOK_ZOOM = 10;

class ChartHolder {
  chart = $state.raw<Chart | null>(null);
  private looked = view.camera === null ? null : view.alert;

  lookAt(places: Place[], smooth = true) {
    const { chart } = this;
    const camera = chart && cameraFor(places, chart.size(), LOOK_ZOOM);
    if (chart && camera) chart.go(camera, smooth);
  }

  /** Shows every vessel that is heard; the chart's owner knows them. */
  wholePicture: () => void = () => {};

  /** Looks at an alert when it is opened, once; an address that names a camera is kept as it is. */
  lookOnce(alert: Alert) {
    if (this.looked === alert.id || !this.chart) return;
    this.looked = alert.id;
    // The panel that opens resizes the chart, which would cut a smooth move short.
    this.lookAtAlert(alert, false);
  }

  lookAtAlert(alert: Alert, smooth = true) {
    this.lookAt([alert.position, ...alert.sightings.map(({ position }) => position)].filter((at) => at !== null), smooth);
  }
}

export const charts = new ChartHolder();
