// What each action does. Keys and buttons both come here, so that they cannot differ.

import { tick } from 'svelte';
import type { AlertRow, Queue } from '../api/types';
import { charts } from '../state/chart.svelte';
import { desk } from '../state/desk.svelte';
import { palette } from '../state/palette.svelte';
import { queue } from '../state/queue.svelte';
import { screen } from '../state/screen.svelte';
import { view } from '../state/view.svelte';
import type { Action } from './keymap';

export const TABS: readonly Queue[] = ['open', 'decided', 'record', 'all'];
const PAN_PX = 120;

/** The alert that actions are about: the open one, else the one under the cursor. */
function current(): AlertRow | undefined {
  if (view.alert !== null) return desk.page?.alert.id === view.alert ? desk.page : undefined;
  return queue.find(queue.cursor);
}

function step(by: number) {
  // A decided alert has left the list, and the cursor already stands on the one that followed it.
  const left = view.alert !== null && queue.cursor !== view.alert && !queue.find(view.alert);
  const id = left && by > 0 ? queue.cursor : queue.step(by);
  if (id !== null && view.alert !== null) {
    screen.write('none');
    view.openAlert(id);
  }
}

/** To the panel's heading when it is opened by key, and back to the list when it is closed. */
function focusOn(id: string) {
  void tick().then(() => document.getElementById(id)?.focus());
}

function openCurrent() {
  const row = current();
  if (row && (view.alert !== row.alert.id || view.receivers)) view.openAlert(row.alert.id);
  return row;
}

/** Shows the alert on the chart. */
function zoomToAlert() {
  const row = current();
  if (row) charts.lookAtAlert(row.alert);
}

export function claimOrRelease(row: AlertRow | undefined = current()) {
  if (!row || row.desk.decision !== null) return;
  void (desk.isMine(row) ? desk.release(row) : desk.claim(row));
}

function back() {
  if (screen.help) screen.help = false;
  else if (screen.search) screen.search = false;
  else if (screen.form !== 'none') screen.write('none');
  else if (view.vessel !== null) view.openVessel(null);
  else if (view.receivers) {
    view.openReceivers(false);
    focusOn('queue-list');
  }
  else if (view.alert !== null) {
    view.openAlert(null);
    focusOn('queue-list');
  }
  else if (screen.legend) screen.legend = false;
  else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function write(form: 'note' | 'decide' | 'reopen', key?: string) {
  const row = openCurrent();
  if (!row) return;
  if (view.vessel !== null || view.receivers) view.openAlert(row.alert.id);
  const decided = row.desk.decision !== null;
  if (form === 'reopen' && decided) screen.write('reopen');
  if (form === 'note') screen.write('note');
  if (form === 'decide' && !decided) {
    if (key !== undefined && /^\d$/.test(key)) screen.digit(key);
    else screen.write('decide');
  }
}

export function perform(action: Action, key?: string) {
  const { chart } = charts;
  switch (action) {
    case 'next': return step(1);
    case 'previous': return step(-1);
    case 'open':
      if (openCurrent()) focusOn('panel-title');
      return;
    case 'claim': return claimOrRelease();
    case 'note': return write('note');
    case 'decide': return write('decide', key);
    case 'reopen': return write('reopen');
    case 'zoom': return zoomToAlert();
    case 'search': screen.search = true; return;
    case 'pause': return queue.pause(!queue.paused);
    case 'queue': return view.openTab(TABS[(TABS.indexOf(view.tab) + 1) % TABS.length]!);
    case 'receivers':
      view.openReceivers(!view.receivers || view.vessel !== null);
      focusOn(view.receivers ? 'panel-title' : 'queue-list');
      return;
    case 'coverage': return view.showCoverage(view.coverage ? null : { class: 'a', hours: 'now', receiver: null });
    case 'palette': return palette.next();
    case 'whole': return charts.wholePicture();
    case 'in': return chart?.zoomBy(1);
    case 'out': return chart?.zoomBy(-1);
    case 'left': return chart?.panBy(-PAN_PX, 0);
    case 'right': return chart?.panBy(PAN_PX, 0);
    case 'up': return chart?.panBy(0, -PAN_PX);
    case 'down': return chart?.panBy(0, PAN_PX);
    case 'back': return back();
    case 'help': screen.help = !screen.help; return;
  }
}
