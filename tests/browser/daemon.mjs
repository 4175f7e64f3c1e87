// The real program on a data folder of its own that is thrown away afterwards.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const ROOT = resolve(fileURLToPath(import.meta.url), '../../..');

const PROGRAM = resolve(process.env.WATCHKEEPER_BIN ?? join(ROOT, 'target/debug/watchkeeper'));
const START_MAX_MS = 30_000;
const STOP_MAX_MS = 10_000;

/** Runs another of the program's commands to its end. */
export const command = (...words) => promisify(execFile)(PROGRAM, words);

/** Starts the watch with settings in TOML; waits until it says where it listens. */
export async function startWatch(settings) {
  const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-browser-'));
  const file = join(folder, 'watchkeeper.toml');
  const data = join(folder, 'data');
  await writeFile(file, settings);
  const child = spawn(PROGRAM, ['run', '--settings', file, '--data', data], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const exited = new Promise((done) => child.once('exit', done));
  const url = await new Promise((found, failed) => {
    const late = setTimeout(() => failed(new Error(`the watch did not start in time:\n${said}`)), START_MAX_MS);
    const listen = (chunk) => {
      said += chunk;
      const match = /listening on (http:\/\/127\.0\.0\.1:\d+)/.exec(said);
      if (!match) return;
      clearTimeout(late);
      found(match[1]);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', failed);
    void exited.then((code) => failed(new Error(`the watch ended with ${code}:\n${said}`)));
  });
  const password = (await readFile(join(data, 'first-password'), 'utf8')).trim();

  return {
    url,
    password,
    said: () => said,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_MAX_MS);
      await exited;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
