// `version`: of the plugin, of kubectl, of the cluster, and of the operator where it may be seen. Separate because it must answer
// something even where no cluster answers.
import type { Invocation } from './cli/command.ts';
import type { Versions } from './doctor/versions.ts';
import type { Deployment } from './doctor/operator-health.ts';
import { isRefusal, type Kubectl, KubectlError, NO_KUBECTL } from './kubernetes/kubectl.ts';
import type { List } from './kubernetes/objects.ts';
import { DEFAULT_OPERATOR_NAMESPACE, OPERATOR_SELECTOR } from './operator.ts';
import { ExitCode, orNull, printJson, type Session } from './session.ts';

interface Answer {
  readonly plugin: string;
  readonly kubectl: string | null;
  readonly kubernetes: string | null;
  /** Image of the operator. */
  readonly operator: string | null;
}

export async function version(session: Session, { flags }: Invocation): Promise<number> {
  const [versions, operator] = await Promise.all([
    answered(session.kubectl.json<Versions>(['version'])),
    answered(operatorImage(session.kubectl, flags.text('operator-namespace') ?? DEFAULT_OPERATOR_NAMESPACE)),
  ]);
  const client = versions ?? (await answered(session.kubectl.json<Versions>(['version', '--client'])));
  const answer: Answer = {
    plugin: session.version,
    kubectl: orNull(client?.clientVersion?.gitVersion),
    kubernetes: orNull(versions?.serverVersion?.gitVersion),
    operator: orNull(operator),
  };
  if (flags.json) printJson(session, 'Version', answer);
  else
    session.terminal.out(
      `${Object.entries(answer)
        .map(([what, value]) => `${`${what}:`.padEnd(12)}${value ?? 'not to be seen'}`)
        .join('\n')}\n`,
    );
  return ExitCode.ok;
}

async function operatorImage(kubectl: Kubectl, namespace: string): Promise<string | undefined> {
  const { items } = await kubectl.json<List<Deployment>>(['get', 'deployments.apps', '-n', namespace, '-l', OPERATOR_SELECTOR]);
  return items[0]?.spec.template.spec.containers[0]?.image;
}

/** Whatever the cluster refuses is not to be seen; a missing kubectl is said. */
async function answered<T>(question: Promise<T>): Promise<T | undefined> {
  return await question.catch((error: unknown) => {
    if (!(error instanceof KubectlError) || isRefusal(error, NO_KUBECTL)) throw error;
    return undefined;
  });
}
