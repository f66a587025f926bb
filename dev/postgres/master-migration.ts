// Brings a master database to the schema of this checkout, as the operator does at its start: for whoever needs its tables before an
// operator runs.

import { pino } from 'pino';
import { masterTarget } from '../../src/master/master-target.ts';
import { migrateMaster } from '../../src/master/migrate.ts';

/** As its owner. */
export const migrateMasterDatabase = async (masterUrl: string): Promise<void> => {
  const target = masterTarget({ url: masterUrl, ca: undefined, applicationName: 'studio-dev' });
  await migrateMaster({ target, log: pino({ level: 'silent' }) });
};
