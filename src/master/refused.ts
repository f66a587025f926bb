/**
 * Thrown when the operator must not, or cannot, work with the master database it was given, and a person has to
 * decide. Separate from connection errors, which pass by themselves.
 */
export type RefusalReason = 'MayNotCreate' | 'Closed' | 'SchemaTooNew' | 'OwnedByAnotherCluster';

export class MasterDatabaseRefused extends Error {
  readonly reason: RefusalReason;

  /** `message` is a sentence that says what to do. */
  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.name = 'MasterDatabaseRefused';
    this.reason = reason;
  }
}
