/*
 * One GET to the API server. Separate from what is read with it: limits in time and size, and what a failure means.
 */
import http from 'node:http';
import https from 'node:https';
import { TenantUnavailable } from '../errors.ts';

export interface GetOptions extends https.RequestOptions {
  /** Names what is read in errors. */
  readonly where: string;
  readonly signal?: AbortSignal | undefined;
}

/** A Secret holds at most 1 MiB, a third more in base64. */
const MAX_BYTES = 4 * 1024 * 1024;

/** Throws TenantUnavailable for everything but an answer with status 200 and JSON in it; says nothing of its content. */
export async function getJson(url: string, { where, ...options }: GetOptions): Promise<unknown> {
  try {
    const { status, body } = await get(url, options);
    if (status === 404) throw new TenantUnavailable(`${where} does not exist`);
    if (status === 401 || status === 403) throw new TenantUnavailable(`no right to read ${where}: HTTP ${status}`);
    if (status !== 200) throw new TenantUnavailable(`reading ${where}: HTTP ${status}`);
    return parse(body, where);
  } catch (error) {
    if (error instanceof TenantUnavailable) throw error;
    throw new TenantUnavailable(`reading ${where}`, { cause: error });
  }
}

/** The parser's own error would quote the text. */
function parse(body: string, where: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    throw new TenantUnavailable(`${where} came as something that is no JSON`);
  }
}

async function get(url: string, options: https.RequestOptions): Promise<{ status: number; body: string }> {
  const { request } = url.startsWith('https:') ? https : http;
  return await new Promise((resolve, reject) => {
    const asked = request(url, { ...options, method: 'GET', headers: headersOf(options) }, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > MAX_BYTES) response.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** A token file may end in a line break, which no header may carry. */
function headersOf({ headers = {} }: https.RequestOptions): http.OutgoingHttpHeaders {
  const all = Object.entries(headers).filter(([, value]) => value !== undefined);
  return { accept: 'application/json', ...Object.fromEntries(all.map(([name, value]) => [name, String(value).trim()])) };
}
