/*
 * What PostgreSQL answers when it says no: SQLSTATE codes in words. Separate because callers tell the cases apart by
 * code and never by message text. No answer at all is Unavailable, not this.
 */

export const SqlState = {
  InvalidPassword: '28P01',
  InvalidAuthorization: '28000',
  InsufficientPrivilege: '42501',
  UndefinedObject: '42704',
  DuplicateObject: '42710',
  DuplicateDatabase: '42P04',
  UniqueViolation: '23505',
  UndefinedDatabase: '3D000',
  InvalidParameterValue: '22023',
  ObjectInUse: '55006',
  NotInPrerequisiteState: '55000',
  LockNotAvailable: '55P03',
  DependentObjectsStillExist: '2BP01',
  TooManyConnections: '53300',
  QueryCanceled: '57014',
  AdminShutdown: '57P01',
  CrashShutdown: '57P02',
  CannotConnectNow: '57P03',
  DatabaseDropped: '57P04',
  IdleSessionTimeout: '57P05',
  SerializationFailure: '40001',
  DeadlockDetected: '40P01',
} as const;

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** The SQLSTATE of an error or of the nearest of its causes that has one. */
export function sqlState(error: unknown): string | undefined {
  for (let current = error; current instanceof Error; current = current.cause) {
    const { code, severity } = current as { code?: unknown; severity?: unknown };
    // Only the server's own errors carry a severity; ECONNRESET and its like do not.
    if (typeof code === 'string' && severity !== undefined && SQLSTATE.test(code)) return code;
  }
  return undefined;
}

export const hasSqlState = (error: unknown, ...codes: readonly string[]): boolean => {
  const code = sqlState(error);
  return code !== undefined && codes.includes(code);
};
