// Asks a tenant's address for something and shows it: the curl command, what came, and whether it was what was expected. Separate
// because chapters that serve and chapters that take away ask in the same way.

import { command, type Demo } from './demo.ts';
import { BASE_DOMAIN } from './expectations.ts';
import { curlCommand, send, type HttpAnswer, type HttpRequest } from './http-request.ts';
import { fitted, type Terminal } from './terminal.ts';

export interface Expectation {
  /** What the answer shows, as a sentence. */
  readonly shows: string;
  readonly status: number;
  /** What must hold of its body. */
  readonly body?: (body: string) => boolean;
}

/** Where a subdomain is asked for, tenant or not; undefined where nobody knows how requests come in. */
export const addressOf = ({ environment }: Demo, subdomain: string): string | undefined =>
  environment.entrance === undefined ? undefined : `http://${subdomain}.${BASE_DOMAIN}:${environment.entrance.httpPort}`;

/** Ingresses are picked up, and changes passed on, a moment after they are written. */
const TIMEOUT_MS = 30_000;
const POLL_MS = 200;
const INDENT = '  ';
/** Of a JSON body; a page is only hinted at. */
const MAX_LINES = 2;

/** A GET is repeated until the answer is as expected or the time is over; a POST is sent once. Returns the last answer. */
export const ask = async (demo: Demo, request: HttpRequest, expected: Expectation): Promise<HttpAnswer> => {
  const { terminal, report } = demo;
  const holds = ({ status, body }: HttpAnswer): boolean => status === expected.status && (expected.body?.(body) ?? true);
  commandLines(terminal, request);
  const answer = request.json === undefined ? await repeated(demo.signal, request, holds) : await send(request);
  for (const line of answerLines(terminal, answer)) terminal.line(line);
  report.check(expected.shows, { ok: holds(answer), found: `${answer.status} ${fitted(answer.body, terminal.columns)}` });
  return answer;
};

const repeated = async (signal: AbortSignal, request: HttpRequest, holds: (answer: HttpAnswer) => boolean): Promise<HttpAnswer> => {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const answer = await send(request);
    if (holds(answer) || performance.now() > deadline) return answer;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** In one line where it fits, else broken as a shell allows it. */
const commandLines = (terminal: Terminal, request: HttpRequest): void => {
  const parts = curlCommand(request);
  const line = parts.join(' ');
  command(terminal, line.length + INDENT.length + 2 <= terminal.columns ? line : parts.join(` \\\n${INDENT}    `));
};

const answerLines = (terminal: Terminal, { status, headers, body }: HttpAnswer): readonly string[] => {
  const again = headers['retry-after'];
  const head = `${INDENT}HTTP ${status}  ${headers['content-type'] ?? ''}${again === undefined ? '' : `  Retry-After: ${again}`}`;
  return [head, ...bodyLines(terminal, body).map((line) => `${INDENT}${terminal.style('dim', line)}`)];
};

const bodyLines = (terminal: Terminal, body: string): readonly string[] => {
  const width = terminal.columns - INDENT.length;
  const text = body.replaceAll(/\s+/g, ' ').trim();
  if (text.startsWith('<')) return [fitted(text, width)];
  const lines = Array.from({ length: Math.ceil(text.length / width) }, (_, index) => text.slice(index * width, (index + 1) * width));
  return lines.length <= MAX_LINES ? lines : [...lines.slice(0, MAX_LINES - 1), fitted(lines.slice(MAX_LINES - 1).join(''), width)];
};
