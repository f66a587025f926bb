/**
 * The studio application for tests: tenants with the schema of release studio-1 and no Kubernetes, the application over them, and
 * requests by host name. Separate from studio.ts, which has an operator and a cluster.
 */
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { text } from 'node:stream/consumers';

import { pino } from 'pino';

import { type SqlPlatform, startSqlPlatform } from '../../dev/sql-tenants.ts';
import { type Application, startApplication } from '../../src/app/application.ts';
import { applicationSettings } from '../../src/app/settings.ts';

export const BASE_DOMAIN = 'platform.example';

const RELEASE = new URL('../../migrations/tenant/studio-1/', import.meta.url);

/** A PostgreSQL of its own; tenants' databases begin with the tables of studio-1. */
export async function startStudios(): Promise<SqlPlatform> {
  const setup = readdirSync(RELEASE)
    .toSorted()
    .map((file) => readFileSync(new URL(file, RELEASE), 'utf8').split('-- Down Migration')[0]);
  return await startSqlPlatform({ setup: setup.join('\n') });
}

export interface TestApplication extends Application, AsyncDisposable {
  /** Its log, one object per line, as it grows. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
}

/** In this process; `await using` stops it. */
export async function startTestApplication(
  platform: SqlPlatform,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestApplication> {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const application = await startApplication({
    settings: applicationSettings({ ...applicationEnvironment(platform), ...settings }, []),
    log,
    credentials: platform.credentials,
  });
  return { ...application, lines, [Symbol.asyncDispose]: async () => void (await application.stop()) };
}

/** What every application of a test is told. */
export function applicationEnvironment({ applicationUrl }: SqlPlatform): Readonly<Record<string, string>> {
  return {
    MASTER_DATABASE_URL: applicationUrl,
    BASE_DOMAIN,
    LISTEN_HOST: '127.0.0.1',
    LISTEN_PORT: '0',
    STOP_DELAY: '1ms',
    LOG_FORMAT: 'json',
  };
}

export interface Question {
  readonly method?: string;
  /** Default: /. */
  readonly path?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Sent as it is. */
  readonly raw?: string;
  /** Default: a connection for each request. */
  readonly agent?: http.Agent;
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON; undefined where it is none. */
  // oxlint-disable-next-line no-explicit-any -- tests reach into answers of every kind
  readonly json: any;
}

/** One request, for a tenant by its subdomain. */
export async function ask(port: number, subdomain: string, question: Question = {}): Promise<Reply> {
  const { method = 'GET', path = '/', json, form, raw, agent = false } = question;
  const [type, body] = bodyOf({ json, form, raw });
  const headers = { host: `${subdomain}.${BASE_DOMAIN}`, ...(type !== undefined && { 'content-type': type }), ...question.headers };
  return await new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      resolve(replyOf(response));
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function replyOf(response: http.IncomingMessage): Promise<Reply> {
  const content = await text(response);
  return { status: response.statusCode ?? 0, headers: response.headers, text: content, json: jsonOf(content) };
}

interface Body {
  readonly json: unknown;
  readonly form: Readonly<Record<string, string>> | undefined;
  readonly raw: string | undefined;
}

function bodyOf({ json, form, raw }: Body): readonly [type: string | undefined, body: string | undefined] {
  if (form !== undefined) return ['application/x-www-form-urlencoded', new URLSearchParams(form).toString()];
  if (json !== undefined) return ['application/json', JSON.stringify(json)];
  return [undefined, raw];
}

function jsonOf(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return undefined;
  }
}
