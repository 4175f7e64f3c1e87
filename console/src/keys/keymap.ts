// Every key, once. Buttons show the same keys and do the same things.

export type Action =
  | 'next' | 'previous' | 'open' | 'claim' | 'note' | 'decide' | 'reopen' | 'search' | 'pause' | 'zoom'
  | 'receivers' | 'coverage' | 'palette' | 'queue' | 'whole' | 'in' | 'out' | 'left' | 'right' | 'up' | 'down' | 'back' | 'help';

export const KEYMAP: readonly { action: Action; keys: readonly string[]; shown: string }[] = [
  { action: 'next', keys: ['j'], shown: 'j' },
  { action: 'previous', keys: ['k'], shown: 'k' },
  { action: 'open', keys: ['Enter'], shown: 'Enter' },
  { action: 'claim', keys: ['m'], shown: 'm' },
  { action: 'note', keys: ['n'], shown: 'n' },
  { action: 'decide', keys: ['d', ...'1234567890'], shown: 'd 1–4' },
  { action: 'reopen', keys: ['u'], shown: 'u' },
  { action: 'zoom', keys: ['z'], shown: 'z' },
  { action: 'search', keys: ['/'], shown: '/' },
  { action: 'pause', keys: ['p'], shown: 'p' },
  { action: 'queue', keys: ['t'], shown: 't' },
  { action: 'receivers', keys: ['r'], shown: 'r' },
  { action: 'coverage', keys: ['c'], shown: 'c' },
  { action: 'palette', keys: ['l'], shown: 'l' },
  { action: 'whole', keys: ['w'], shown: 'w' },
  { action: 'in', keys: ['+', '='], shown: '+' },
  { action: 'out', keys: ['-'], shown: '−' },
  { action: 'left', keys: ['ArrowLeft'], shown: '←' },
  { action: 'right', keys: ['ArrowRight'], shown: '→' },
  { action: 'up', keys: ['ArrowUp'], shown: '↑' },
  { action: 'down', keys: ['ArrowDown'], shown: '↓' },
  { action: 'back', keys: ['Escape'], shown: 'Esc' },
  { action: 'help', keys: ['?'], shown: '?' },
];

const byKey = new Map(KEYMAP.flatMap(({ action, keys }) => keys.map((key) => [key, action] as const)));

/** The key to show on an action's button. */
export function keyFor(action: Action): string {
  return KEYMAP.find((entry) => entry.action === action)?.shown ?? '';
}

const TYPING = 'input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]';
// Inside these a key already has a meaning of its own.
const OWN_ENTER = 'button, a[href], summary, input, [role=tab]';
const OWN_ARROWS = '[role=listbox], [role=tablist], [role=radiogroup], [data-own-arrows], table, .scrolls';

/** The action a key press asks for, or none: while typing, and with a modifier, keys are letters. */
export function actionOf(event: KeyboardEvent): Action | null {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return null;
  const action = byKey.get(event.key) ?? null;
  const target = event.target instanceof Element ? event.target : null;
  if (action === 'back') return action;
  if (target?.matches(TYPING)) return null;
  if (action === 'open' && target?.closest(OWN_ENTER)) return null;
  if (event.key.startsWith('Arrow') && target?.closest(OWN_ARROWS)) return null;
  return action;
}
