// What is open on the page besides the address: help, search, and the form being written.

import type { Decision } from '../api/types';

export const DECISIONS: readonly Decision[] = ['confirmed', 'suspicious', 'benign', 'data_error'];

/** The reasons offered for each decision, in the order of their digits; each has a word `decision_reason.*`. */
export const REASONS: Record<Decision, readonly string[]> = {
  confirmed: ['confirmed_at_sea', 'referred_sar', 'referred_patrol', 'known_vessel', 'other'],
  suspicious: ['referred_patrol', 'referred_sar', 'known_vessel', 'other'],
  benign: [
    'pilot', 'bunkering', 'fishing', 'anchored_waiting', 'service_vessel', 'ferry', 'weather', 'known_vessel',
    'test_transmission', 'other',
  ],
  data_error: ['wrong_position', 'duplicate_identity', 'receiver_fault', 'test_transmission', 'other'],
};

class Screen {
  help = $state(false);
  search = $state(false);
  legend = $state(false);
  form = $state<'none' | 'decide' | 'note' | 'reopen'>('none');
  decision = $state<Decision | null>(null);
  reason = $state<string | null>(null);
  text = $state('');

  write(form: 'none' | 'decide' | 'note' | 'reopen') {
    this.form = form;
    this.decision = null;
    this.reason = null;
    this.text = '';
  }

  /** A digit: the decision first, then its reason. `0` is the tenth. */
  digit(key: string) {
    const at = key === '0' ? 9 : Number(key) - 1;
    if (this.form !== 'decide') {
      if (at >= DECISIONS.length) return;
      this.write('decide');
    }
    if (this.decision === null) this.decision = DECISIONS[at] ?? null;
    else this.reason = REASONS[this.decision][at] ?? this.reason;
  }

  choose(decision: Decision) {
    if (this.decision !== decision) this.reason = null;
    this.decision = decision;
  }
}

export const screen = new Screen();
