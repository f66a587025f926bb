// Whether a Docker engine answers on this machine. Separate from what is done with it, because asking must be quick: it happens at every
// start, also where there is none.

import { access } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';

const TIMEOUT_MS = 2000;

/** Asks DOCKER_HOST, else the sockets at their usual places. */
export const dockerEngineAnswers = async (env: NodeJS.ProcessEnv = process.env): Promise<boolean> => {
  for (const engine of engines(env)) {
    if (engine.socketPath !== undefined && !(await exists(engine.socketPath))) continue;
    if (await answersPing(engine)) return true;
  }
  return false;
};

type Engine = Pick<http.RequestOptions, 'socketPath' | 'host' | 'port'>;

const engines = (env: NodeJS.ProcessEnv): readonly Engine[] => {
  const configured = env['DOCKER_HOST'];
  if (configured !== undefined && configured !== '') {
    if (configured.startsWith('unix://')) return [{ socketPath: configured.slice('unix://'.length) }];
    const url = URL.parse(configured);
    return url === null ? [] : [{ host: url.hostname, port: url.port }];
  }
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    '/var/run/docker.sock',
    path.join(os.homedir(), '.docker/run/docker.sock'),
    ...(runtime === undefined ? [] : [path.join(runtime, 'docker.sock')]),
  ].map((socketPath) => ({ socketPath }));
};

/** Any answer at all will do: an engine with TLS answers plain HTTP with an error. */
const answersPing = async (engine: Engine): Promise<boolean> =>
  await new Promise((resolve) => {
    const request = http.get({ ...engine, path: '/_ping', timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      resolve(true);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.once('close', () => resolve(false));
  });

const exists = async (file: string): Promise<boolean> =>
  await access(file).then(
    () => true,
    () => false,
  );
