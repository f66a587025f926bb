/*
 * Answers a request that no tenant gets to see: status, headers and a body as JSON (RFC 9457) or HTML. Separate from the
 * middleware because errors that come up later in a request are answered the same way.
 */
import type { AnswerState } from '../answer-state.ts';
import { guarded } from '../guarded.ts';
import type { RoutedRequest, RoutedResponse } from '../http-types.ts';
import type { Tenant } from '../tenant.ts';
import { preferredFormat, type Format } from './accept.ts';
import { answerPage, PAGE_POLICY } from './page.ts';
import type { Answer, AnswerContext, AnswerTemplates } from './templates.ts';
import { ANSWER_TEXTS, type AnswerText } from './texts.ts';

/** What is to be answered. */
export interface Refusal {
  readonly state: AnswerState;
  readonly host?: string | undefined;
  readonly tenant?: Tenant | undefined;
  readonly retryAfterSeconds?: number | undefined;
}

export interface AnswerOptions {
  readonly templates: AnswerTemplates;
  /** A template threw; the built-in answer was given. */
  readonly onTemplateError: (error: unknown, refusal: Refusal) => void;
}

/** Answers; returns the status. Never throws: where an answer has begun already, it is cut off, so that nobody takes it for whole. */
export type AnswerRefusal = (request: RoutedRequest, response: RoutedResponse, refusal: Refusal) => number;

interface Body {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

const CONTENT_TYPES: Readonly<Record<Format, string>> = { html: 'text/html; charset=utf-8', json: 'application/problem+json' };

/** What a handler may have set for the answer that it did not get to give. */
const OF_ANOTHER_BODY = ['Content-Encoding', 'Content-Disposition', 'Content-Language', 'Content-Range', 'ETag', 'Last-Modified'];

export const refusalAnswers = (options: AnswerOptions): AnswerRefusal => {
  const builtIn = builtInBodies();
  return (request, response, refusal) => {
    const text = ANSWER_TEXTS[refusal.state];
    if (response.headersSent) {
      response.destroy();
      return response.statusCode;
    }
    const retryAfterSeconds = refusal.retryAfterSeconds ?? text.retryAfterSeconds;
    const format = preferredFormat(headerOf(request.rawHeaders, 'accept'));
    for (const name of OF_ANOTHER_BODY) response.removeHeader(name);
    const body = ownBody({ ...refusal, retryAfterSeconds }, format, options) ?? builtIn[refusal.state][format];
    response.writeHead(text.status, {
      'Content-Type': CONTENT_TYPES[format],
      'Content-Length': body.bytes.byteLength,
      'Cache-Control': 'no-store',
      Vary: withAccept(response.getHeader('vary')),
      'X-Content-Type-Options': 'nosniff',
      ...body.headers,
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': Math.max(1, Math.ceil(retryAfterSeconds)) }),
    });
    if (request.method === 'HEAD') response.end();
    else response.end(body.bytes);
    return text.status;
  };
};

/** They hold nothing of the request: made once. */
const builtInBodies = (): Readonly<Record<AnswerState, Readonly<Record<Format, Body>>>> => {
  const both = (text: AnswerText): Record<Format, Body> => ({
    html: { bytes: Buffer.from(answerPage(text)), headers: { 'Content-Security-Policy': PAGE_POLICY } },
    json: { bytes: Buffer.from(problemDocument(text)), headers: {} },
  });
  return Object.fromEntries(Object.entries(ANSWER_TEXTS).map(([state, text]) => [state, both(text)])) as Record<
    AnswerState,
    Record<Format, Body>
  >;
};

const problemDocument = ({ title, status, detail, code }: AnswerText): string => `${JSON.stringify({ title, status, detail, code })}\n`;

const ownBody = (refusal: Refusal, format: Format, { templates, onTemplateError }: AnswerOptions): Body | undefined => {
  const template = templates[refusal.state];
  if (template === undefined) return undefined;
  const content = guarded(
    () => contentOf(template(contextOf(refusal, format)), format),
    (error) => onTemplateError(error, refusal),
  );
  return content === undefined ? undefined : { bytes: Buffer.from(content), headers: {} };
};

const contentOf = (answer: Answer, format: Format): string | undefined => {
  if (answer instanceof Promise) {
    answer.catch(() => undefined); // nobody waits for it
    throw new TypeError('a template returned a promise: templates are not waited for');
  }
  const { html, json } = typeof answer === 'string' ? { html: answer, json: undefined } : answer;
  if (format === 'html') return html;
  return json === undefined ? undefined : JSON.stringify(json);
};

const contextOf = ({ state, host, tenant, retryAfterSeconds }: Refusal, format: Format): AnswerContext => {
  const { status, title, detail } = ANSWER_TEXTS[state];
  return { state, status, title, detail, retryAfterSeconds, format, host, tenant };
};

/** Keeps what others have put into Vary. */
const withAccept = (vary: unknown): string => {
  const others = Array.isArray(vary) ? vary.join(', ') : typeof vary === 'string' ? vary : '';
  if (others === '') return 'Accept';
  return /(?:^|,)\s*(?:accept|\*)\s*(?:,|$)/i.test(others) ? others : `${others}, Accept`;
};

/** Several lines of one list header are one list. */
const headerOf = (raw: readonly string[], name: string): string | undefined => {
  const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1]?.toLowerCase() === name);
  return values.length === 0 ? undefined : values.join(',');
};
