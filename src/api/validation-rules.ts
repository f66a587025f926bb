// CEL validation rules as data, and the few CEL expressions that several kinds need.
// Separate because a rule is an expression and a sentence, and both must look the same everywhere.

export interface ValidationRule {
  readonly rule: string;
  /** What the API server says: what is expected, in one sentence. */
  readonly message: string;
  readonly reason?: 'FieldValueInvalid' | 'FieldValueForbidden' | 'FieldValueRequired';
  readonly fieldPath?: string;
}

interface Validations extends Record<string, unknown> {
  readonly 'x-kubernetes-validations': readonly ValidationRule[];
}

/** For `.meta()` of a schema. */
export function validations(...rules: readonly ValidationRule[]): Validations {
  return { 'x-kubernetes-validations': rules };
}

/** The CEL expression for "this string matches"; raw, so that a backslash means itself. */
export function matches(operand: string, pattern: string): string {
  return `${operand}.matches(r'${pattern}')`;
}

/** A CEL list of string literals. */
export function listOf(values: readonly string[]): string {
  return `[${values.map((value) => `'${value}'`).join(', ')}]`;
}

/** Not checked while the field is being added or removed: there is no old or no new value then. */
export function immutable(field: string): ValidationRule {
  return {
    rule: 'self == oldSelf',
    message: `${field} cannot be changed; make a new object instead`,
    reason: 'FieldValueForbidden',
  };
}
