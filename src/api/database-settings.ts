// The PostgreSQL settings a tenant may have: which, and what their values look like.
// Separate because tenants and plans share it. A string map, since unknown keys of typed properties vanish silently.
import { z } from 'zod';
import { SETTING_MEMORY, SETTING_TIME_ZONE, SETTING_TIMEOUT } from './patterns.ts';
import { listOf, matches, type ValidationRule, validations } from './validation-rules.ts';

const TIMEOUTS = ['statement_timeout', 'idle_in_transaction_session_timeout', 'lock_timeout'] as const;

export const DATABASE_SETTINGS = [...TIMEOUTS, 'work_mem', 'timezone'] as const;
type DatabaseSetting = (typeof DATABASE_SETTINGS)[number];

const ALLOWED_SENTENCE = `allowed are ${DATABASE_SETTINGS.join(', ')}`;

/** A setting that is not there is fine; one that is there must look as the sentence says. */
function valueRule(setting: DatabaseSetting, pattern: string, sentence: string): ValidationRule {
  return {
    rule: `!('${setting}' in self) || ${matches(`self['${setting}']`, pattern)}`,
    message: `${setting} must be ${sentence}`,
  };
}

const rules: readonly ValidationRule[] = [
  { rule: `self.all(k, k in ${listOf(DATABASE_SETTINGS)})`, message: `only some settings may be set here; ${ALLOWED_SENTENCE}` },
  ...TIMEOUTS.map((timeout) =>
    valueRule(timeout, SETTING_TIMEOUT, '0 (none) or a whole number with a unit ms, s, min, h or d, at most 24d, such as 30s'),
  ),
  valueRule('work_mem', SETTING_MEMORY, 'a whole number with a unit kB, MB or GB, from 64kB to 99GB, such as 16MB'),
  valueRule('timezone', SETTING_TIME_ZONE, 'UTC or the name of a time zone, such as Europe/Berlin'),
];

export const databaseSettingsSchema = z.record(z.string(), z.string().max(64)).meta({
  maxProperties: 16,
  description: `PostgreSQL settings of the tenant's logins; ${ALLOWED_SENTENCE}.`,
  ...validations(...rules),
});
