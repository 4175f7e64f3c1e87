// Moving a chart by hand: drag, wheel, double click, two fingers.

interface Moves {
  panBy(x: number, y: number): void;
  zoomAround(x: number, y: number, by: number): void;
}

/** Follows the hand until the returned function is called. */
export function moveByHand(element: HTMLElement, moves: Moves): () => void {
  const held = new Map<number, { x: number; y: number }>();
  const stop = new AbortController();
  const on = { signal: stop.signal };

  const inside = (event: MouseEvent) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const spread = () => {
    const [a, b] = [...held.values()];
    return a && b ? { d: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } : null;
  };

  element.addEventListener('pointerdown', (event) => {
    if (event.button === 0) held.set(event.pointerId, inside(event));
  }, on);
  addEventListener('pointermove', (event) => {
    const from = held.get(event.pointerId);
    if (!from) return;
    const to = inside(event);
    const before = spread();
    held.set(event.pointerId, to);
    const after = spread();
    if (before && after && before.d > 0 && after.d > 0) {
      moves.zoomAround(after.x, after.y, Math.log2(after.d / before.d));
      moves.panBy(before.x - after.x, before.y - after.y);
    } else {
      moves.panBy(from.x - to.x, from.y - to.y);
    }
  }, on);
  const release = (event: PointerEvent) => held.delete(event.pointerId);
  addEventListener('pointerup', release, on);
  addEventListener('pointercancel', release, on);
  element.addEventListener('wheel', (event) => {
    event.preventDefault();
    const { x, y } = inside(event);
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? event.deltaY * 33 : event.deltaY;
    moves.zoomAround(x, y, Math.max(-1, Math.min(1, -lines / 300)));
  }, { ...on, passive: false });
  element.addEventListener('dblclick', (event) => {
    const { x, y } = inside(event);
    moves.zoomAround(x, y, 1);
  }, on);
  return () => stop.abort();
}
