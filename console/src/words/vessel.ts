// What a vessel is called on screen.

import type { Receiver, Vessel } from '../api/types';
import { ui } from './index';
import { vesselName } from './show';

/** The name of the receiver that heard it last. */
export function receiverName(receiver: Vessel['receiver'], receivers: readonly Receiver[]): string | null {
  if (receiver === null) return null;
  return receivers.find(({ id, name }) => id === receiver || name === receiver)?.name ?? String(receiver);
}

/** What it reports as its name, or the radar's number for one that reports nothing. */
export function calledAs(vessel: Vessel, receivers: readonly Receiver[]): string {
  if (vessel.radar_target === null) return vesselName(vessel.name, vessel.mmsi);
  const receiver = receiverName(vessel.receiver, receivers) ?? '';
  return ui('vessel.radar_target', { number: vessel.radar_target, receiver });
}
