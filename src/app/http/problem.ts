/*
 * An answer that says what is wrong, as an error that any layer may throw: a status, a code for programs and sentences for
 * people. Separate so that domain code can refuse without knowing a response. Written out as RFC 9457 problem details.
 */

/** `message` goes on after the field's name: "must be a text of 1 to 200 characters". */
export interface FieldProblem {
  readonly field: string;
  readonly message: string;
}

interface ProblemOptions extends ErrorOptions {
  readonly fields?: readonly FieldProblem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** The message is shown to whoever asked: nothing of the platform may stand in it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  /** For programs; a code never changes its meaning. */
  readonly code: string;
  readonly fields: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, { fields = [], headers = {}, ...options }: ProblemOptions = {}) {
    super(message, options);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }
}

export interface ProblemBody {
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly errors?: readonly FieldProblem[];
  readonly requestId?: string;
}

/** The members of RFC 9457 that say something here, and two of our own. */
export function problemBody({ status, code, message, fields }: Problem, requestId: string | undefined): ProblemBody {
  return { title: message, status, code, ...(fields.length > 0 && { errors: fields }), ...(requestId !== undefined && { requestId }) };
}

export function notFound(what: string): Problem {
  return new Problem(404, 'not_found', `There is no such ${what} here.`);
}
