// The commands, as data: the help, the parsing and the completion are made from this list.
import { doctor } from '../doctor/doctor.ts';
import { logs } from '../logs.ts';
import { psql } from '../psql/psql.ts';
import { status } from '../status.ts';
import { retry } from '../verbs/retry.ts';
import { resume, suspend } from '../verbs/suspension.ts';
import { version } from '../version.ts';
import type { Command, Flags } from './command.ts';

const WAITING: Flags = {
  wait: { type: 'boolean', summary: 'wait until the operator has done it' },
  timeout: { type: 'string', value: '5m', summary: 'how long to wait: 90s, 5m, 1h' },
};
const OPERATOR: Flags = { 'operator-namespace': { type: 'string', value: 'studio-system', summary: 'where the operator runs' } };

export const COMMANDS: readonly Command[] = [
  {
    name: 'status',
    argument: '[tenant]',
    summary: 'the fleet at a glance, or one tenant explained',
    description:
      'Without a tenant: how many are in which phase, what needs a person and what to do about it, then tenants, servers and releases.\n' +
      'With one: what it is, how far it came and when, its last error, its last migration with the end of the log, its events, and the next action.',
    flags: { all: { type: 'boolean', summary: 'show every tenant, also of a large fleet' } },
    examples: [
      ['what is broken, for whom, and what to do', 'kubectl studio status'],
      ['everything about one tenant', 'kubectl studio status my-studio -n studio-tenants'],
      ['names of the tenants that need a person', "kubectl studio status -o json | jq -r '.tenants[] | select(.needsPerson) | .name'"],
    ],
    run: status,
  },
  {
    name: 'retry',
    argument: '<tenant|release/NAME>',
    summary: 'one new attempt of what failed',
    description:
      'Gives the annotation studio-platform.io/retry a new value. On a release it lifts a halt and tries all failed tenants again.',
    flags: WAITING,
    examples: [
      ['try a failed migration again, and wait for how it goes', 'kubectl studio retry my-studio --wait'],
      ['go on with a release that has halted', 'kubectl studio retry release/studio-7'],
    ],
    run: retry,
  },
  {
    name: 'suspend',
    argument: '<tenant>',
    summary: 'refuse connections, keep everything',
    description: 'By the annotation studio-platform.io/suspend, so that no sync from Git takes it back in the middle of an incident.',
    flags: { reason: { type: 'string', value: 'TEXT', summary: 'why; goes into the annotation and the status' }, ...WAITING },
    examples: [['during an incident', 'kubectl studio suspend my-studio --reason "leaked credentials, incident 1234" --wait']],
    run: suspend,
  },
  {
    name: 'resume',
    argument: '<tenant>',
    summary: 'take a suspension back',
    description:
      'Removes the annotation. Where spec.suspended holds the tenant, that is said, and nothing of the spec is changed (exit code 1).',
    flags: WAITING,
    examples: [['let it serve again', 'kubectl studio resume my-studio --wait']],
    run: resume,
  },
  {
    name: 'psql',
    argument: '<tenant>',
    takesRest: true,
    summary: 'a session as the tenant, read-only unless asked',
    description:
      "Starts psql with what the tenant's Secret says: host, login, TLS mode and authority. A host inside the cluster is reached by kubectl\n" +
      "port-forward, and its certificate is verified all the same. Arguments after -- are psql's. Read-only is the session's default, a guard\n" +
      'against mistakes: the login itself may write.',
    flags: {
      write: { type: 'boolean', summary: 'let the session write' },
      direct: { type: 'boolean', summary: 'past a pooler: the address that migrations use (needs get postgresservers)' },
    },
    examples: [
      ['look around', 'kubectl studio psql my-studio'],
      ['one question', "kubectl studio psql my-studio -- -c 'SELECT count(*) FROM sessions'"],
      ['mend something', "kubectl studio psql my-studio --write -- -1 -c 'UPDATE sessions SET title = trim(title)'"],
      ['how it would connect, without the password', 'kubectl studio psql my-studio -o json'],
    ],
    run: psql,
  },
  {
    name: 'logs',
    argument: '<tenant>',
    summary: "logs of its migrations, or the operator's lines about it",
    description: "Of the newest migration Job's pods; where a log is gone, the last words that the pod's status keeps.",
    flags: {
      all: { type: 'boolean', summary: 'of all migration Jobs that are kept' },
      follow: { type: 'boolean', short: 'f', summary: 'go on as the migration writes' },
      tail: { type: 'string', value: 'LINES', summary: 'the last lines only' },
      operator: { type: 'boolean', summary: "the operator's own log, the lines that concern this tenant" },
      since: { type: 'string', value: '1h', summary: "how far back in the operator's log" },
      ...OPERATOR,
    },
    examples: [
      ['why the migration failed', 'kubectl studio logs my-studio'],
      ['what the operator did about the tenant', 'kubectl studio logs my-studio --operator --since 10m'],
    ],
    run: logs,
  },
  {
    name: 'doctor',
    argument: '',
    summary: 'is the installation as it should be? What to do where not',
    description:
      'Versions, definitions, your rights, the operator and its leader, servers, releases, tenants, what is out of step, pod security.\nExit code 1 when something must be mended.',
    flags: OPERATOR,
    examples: [
      ['after an installation or an upgrade', 'kubectl studio doctor'],
      ['what must be mended', 'kubectl studio doctor -o json | jq \'.findings[] | select(.level == "fail")\''],
    ],
    run: doctor,
  },
  {
    name: 'version',
    argument: '',
    summary: 'versions of plugin, kubectl, cluster and operator',
    description: 'What cannot be seen is said to be so; exit code 0 all the same.',
    flags: OPERATOR,
    examples: [['for a bug report', 'kubectl studio version -o json']],
    run: version,
  },
];
