// `npm start`: the operator alone, in this terminal. It works on what `npm run dev` keeps up in another one, with the rights of its own
// ServiceAccount, unless the environment names a cluster and a master database. Arguments are the operator's, e.g. `npm start -- --help`.

import { readEnvFile, type EnvVariables } from './env-file.ts';
import { say } from './progress.ts';

const variables = (await readEnvFile()) ?? {};

/** Whatever is set already wins; only the administrator's kubeconfig, sourced from the same file, gives way to the operator's own. */
const missing = (env: NodeJS.ProcessEnv, { OPERATOR_KUBECONFIG, ...found }: EnvVariables): EnvVariables => {
  const isOwn = env['KUBECONFIG'] !== undefined && env['KUBECONFIG'] !== '' && env['KUBECONFIG'] !== found['KUBECONFIG'];
  const kubeconfig = isOwn ? {} : { KUBECONFIG: OPERATOR_KUBECONFIG ?? found['KUBECONFIG'] ?? '' };
  const unset = Object.entries(found).filter(([name]) => env[name] === undefined);
  return { ...Object.fromEntries(unset), ...kubeconfig };
};

const isHelp = process.argv.includes('--help');
if (Object.keys(variables).length > 0) Object.assign(process.env, missing(process.env, variables));
if (process.env['MASTER_DATABASE_URL'] === undefined && !isHelp) {
  say('There is nothing to work on: run `npm run dev` in another terminal, or set KUBECONFIG and MASTER_DATABASE_URL.');
  process.exitCode = 1;
} else {
  await import('../src/main.ts');
}
