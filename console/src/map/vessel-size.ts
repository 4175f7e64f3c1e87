/** Half a vessel's length on screen, CSS pixels. */
export const vesselSize = (zoom: number) => Math.max(3.5, Math.min(10, zoom * 0.85));
