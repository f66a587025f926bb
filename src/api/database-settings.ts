// The PostgreSQL settings a tenant may have: which, and what their values look like.
// Separate because tenants and plans share it. A string map, since unknown keys of typed properties vanish silently.
import { z } from 'zod';
import { SETTING_MEMORY, SETTING_TIME_ZONE, SETTING_TIMEOUT } from './patterns.ts';
import { listOf, matches, type ValidationRule, validations } from './validation-rules.ts';

const TIMEOUTS = ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'] as const;

export const DATABASE_SETTINGS = [...TIMEOUTS, 'work_mem', 'timezone'] as const;

const notAllowed = `self.filter(k, !(k in ${listOf(DATABASE_SETTINGS)}))`;
const badTimeout = `${listOf(TIMEOUTS)}.filter(k, k in self && !${matches('self[k]', SETTING_TIMEOUT)})`;
const ALLOWED_SENTENCE = `allowed are ${DATABASE_SETTINGS.join(', ')}`;
const TIMEOUT_SENTENCE = 'a timeout is 0 (none) or a whole number with a unit ms, s, min, h or d, at most 24d, such as 30s';

const rules: readonly ValidationRule[] = [
  {
    rule: `${notAllowed}.size() == 0`,
    message: `only some settings may be set here; ${ALLOWED_SENTENCE}`,
    messageExpression: `'the setting ' + ${notAllowed}.join(', ') + ' may not be set here; ${ALLOWED_SENTENCE}'`,
  },
  {
    rule: `${badTimeout}.size() == 0`,
    message: TIMEOUT_SENTENCE,
    messageExpression: `${badTimeout}.join(', ') + ': ${TIMEOUT_SENTENCE}'`,
  },
  {
    rule: `!('work_mem' in self) || ${matches("self['work_mem']", SETTING_MEMORY)}`,
    message: 'work_mem: an amount of memory is a whole number with a unit kB, MB or GB, from 64kB to 99GB, such as 16MB',
  },
  {
    rule: `!('timezone' in self) || ${matches("self['timezone']", SETTING_TIME_ZONE)}`,
    message: 'timezone: a time zone is UTC or a name such as Europe/Berlin',
  },
];

export const databaseSettingsSchema = z.record(z.string(), z.string().max(64)).meta({
  maxProperties: 16,
  description: `PostgreSQL settings of the tenant's logins; ${ALLOWED_SENTENCE}.`,
  ...validations(...rules),
});
export type DatabaseSettings = Readonly<z.infer<typeof databaseSettingsSchema>>;
