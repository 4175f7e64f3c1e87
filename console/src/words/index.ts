// What the console says, from one catalogue per language: codes and parameters in, sentences out.

import en from './en.json';

type Catalogue = Record<string, string>;
type UiCode = Extract<keyof typeof en, `ui.${string}`>;
export type Params = Record<string, string | number>;

// A language is a file beside en.json and a line here; what it lacks is said in English.
const catalogues: Record<string, Catalogue> = { en };

const language = navigator.languages.map((tag) => tag.split('-')[0] ?? '').find((tag) => tag in catalogues) ?? 'en';
const catalogue: Catalogue = { ...en, ...catalogues[language] };

export const locale = language;

/** A sentence by its code; a code without words is shown as it stands, so that nothing is hidden. */
export function word(code: string, params: Params = {}): string {
  const text = catalogue[code];
  if (text === undefined) return code;
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => (name in params ? String(params[name]) : hole));
}

/** Whether the catalogue has words for a code. */
export function hasWord(code: string): boolean {
  return code in catalogue;
}

/** The page's own words; the type keeps the code and the catalogue together. */
export function ui(code: Strip<UiCode>, params?: Params): string {
  return word(`ui.${code}`, params);
}

type Strip<Code> = Code extends `ui.${infer Rest}` ? Rest : never;
