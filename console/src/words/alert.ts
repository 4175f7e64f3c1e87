// The sentences of an alert, from its codes and parameters.

import type { Alert, Words } from '../api/types';
import { ui, word, type Params } from './index';
import { vesselName } from './show';

export function alertTitle(alert: Alert): string {
  return word(`alert.${alert.rule}.${alert.grade}.title`, alert.reason.params);
}

export function alertReason(alert: Alert): string {
  return word(`alert.${alert.reason.code}.reason`, spoken(alert.reason.params));
}

export function innocentCause(words: Words): string {
  return word(`innocent.${words.code}`, words.params);
}

// The core writes a dash where there is nobody or nothing.
function spoken(params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value === '-' ? ui('none') : value]));
}

/** Who it is about, as they call themselves. */
export function subjectNames(alert: Alert): string {
  return alert.subjects.map(({ name, mmsi }) => vesselName(name, mmsi)).join(` ${ui('and')} `);
}
