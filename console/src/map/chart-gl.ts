// The chart drawn by MapLibre: our own land tiles below, our own vessels above, nothing from elsewhere.

import { Map as MapLibreMap, setWorkerUrl, type StyleSpecification } from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { ZOOM_MAX, ZOOM_MIN, type Chart, type ChartOptions } from './chart';
import type { Ink } from './ink';
import { VesselLayer } from './vessels-gl';

setWorkerUrl(workerUrl);

// The deepest zoom the watch cuts tiles for; deeper ones are stretched.
const TILE_ZOOM_MAX = 10;

export function openGlChart({ container, camera, ink, fleet, events }: ChartOptions): Chart {
  const map = new MapLibreMap({
    container,
    style: style(ink),
    center: [camera.lon, camera.lat],
    zoom: camera.zoom,
    minZoom: ZOOM_MIN,
    maxZoom: ZOOM_MAX,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxPitch: 0,
    keyboard: false,
    fadeDuration: 0,
    // A screenshot of the chart is evidence of what was seen, and tests read its pixels.
    canvasContextAttributes: { antialias: false, preserveDrawingBuffer: true },
  });
  map.touchZoomRotate.disableRotation();
  const layer = new VesselLayer(fleet, ink);
  map.on('load', () => map.addLayer(layer));
  map.on('render', events.drawn);
  map.on('moveend', events.rested);
  map.on('resize', events.rested);

  const chart: Chart = {
    kind: 'webgl',
    camera() {
      const { lat, lng } = map.getCenter();
      return { lat, lon: lng, zoom: map.getZoom() };
    },
    project(lat, lon) {
      const centre = map.getCenter().lng;
      const { x, y } = map.project([lon + 360 * Math.round((centre - lon) / 360), lat]);
      return [x, y];
    },
    unproject(x, y) {
      const { lat, lng } = map.unproject([x, y]);
      return { lat, lon: lng };
    },
    box() {
      const bounds = map.getBounds();
      return { west: bounds.getWest(), south: bounds.getSouth(), east: bounds.getEast(), north: bounds.getNorth() };
    },
    size: () => [container.clientWidth, container.clientHeight],
    go({ lat, lon, zoom }, smooth) {
      const to = { center: [lon, lat] as [number, number], zoom };
      const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
      if (smooth && !still) map.easeTo({ ...to, duration: 400 });
      else map.jumpTo(to);
    },
    zoomBy(steps) {
      map.zoomTo(map.getZoom() + steps, { duration: 150 });
    },
    panBy(x, y) {
      map.panBy([x, y], { duration: 100 });
    },
    paint(next) {
      map.setPaintProperty('sea', 'background-color', next.sea);
      map.setPaintProperty('land', 'fill-color', next.land);
      map.setPaintProperty('coast', 'line-color', next.coast);
      map.setPaintProperty('rivers', 'line-color', next.river);
      layer.paint(next);
    },
    refresh: () => layer.refresh(),
    destroy: () => map.remove(),
  };
  return chart;
}

function style(ink: Ink): StyleSpecification {
  return {
    version: 8,
    sources: {
      base: { type: 'vector', tiles: [`${location.origin}/tiles/{z}/{x}/{y}`], minzoom: 0, maxzoom: TILE_ZOOM_MAX },
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': ink.sea } },
      { id: 'land', type: 'fill', source: 'base', 'source-layer': 'land', paint: { 'fill-color': ink.land, 'fill-antialias': false } },
      { id: 'coast', type: 'line', source: 'base', 'source-layer': 'land', paint: { 'line-color': ink.coast, 'line-width': 1 } },
      { id: 'rivers', type: 'line', source: 'base', 'source-layer': 'rivers', paint: { 'line-color': ink.river, 'line-width': 1 } },
    ],
  };
}
