// One way to ask the watch: JSON over our own origin, the watch's own words when it refuses.

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail || title);
  }
}

let signedOut: () => void = () => {};

/** Called when an answer says that nobody is signed in any more. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

async function ask<Answer>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      signal: signal ?? null,
      credentials: 'same-origin',
      headers: method === 'GET' ? {} : { 'content-type': 'application/json' },
      body: method === 'GET' ? null : JSON.stringify(body ?? {}),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Refusal(0, 'unreachable', '');
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as Answer;
  const problem = (await response.json().catch(() => ({}))) as { title?: string; detail?: string };
  if (response.status === 401 && path !== '/api/session') signedOut();
  throw new Refusal(response.status, problem.title ?? response.statusText, problem.detail ?? '');
}

export const get = <Answer>(path: string, signal?: AbortSignal) => ask<Answer>('GET', path, undefined, signal);
export const post = <Answer>(path: string, body?: unknown) => ask<Answer>('POST', path, body);
export const remove = <Answer>(path: string, body?: unknown) => ask<Answer>('DELETE', path, body);

/** Path with its query; parameters that are undefined are left out. */
export function query(path: string, params: Record<string, string | number | undefined>): string {
  const given = Object.entries(params).filter((pair): pair is [string, string | number] => pair[1] !== undefined);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}
