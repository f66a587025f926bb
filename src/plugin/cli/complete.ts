// Shell completion as kubectl asks for it: an executable `kubectl_complete-studio` that is given the words so far, the one being typed
// last, and prints candidates and a directive. Separate from the commands, because it must never complain.
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { TENANTS } from '../kubernetes/kinds.ts';
import { type Command, COMMON_FLAGS, KUBECTL_FLAGS } from './command.ts';

/** "Do not offer files", of the shell completion that kubectl is built with. */
const NO_FILES = ':4';

/** What to print. */
export async function completion(words: readonly string[], commands: readonly Command[], kubectl: Kubectl): Promise<string> {
  const candidates = await candidatesFor(words, commands, kubectl);
  const typed = words.at(-1) ?? '';
  return `${[...candidates.filter((candidate) => candidate.startsWith(typed)), NO_FILES].join('\n')}\n`;
}

async function candidatesFor(words: readonly string[], commands: readonly Command[], kubectl: Kubectl): Promise<readonly string[]> {
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => before.includes(name));
  if ((words.at(-1) ?? '').startsWith('-'))
    return Object.keys({ ...command?.flags, ...COMMON_FLAGS, ...KUBECTL_FLAGS }).map((name) => `--${name}`);
  if (command === undefined) return [...commands.map(({ name, summary }) => `${name}\t${summary}`), 'help\tprint the help'];
  if (command.argument === '') return [];
  return await tenantNames(before, kubectl);
}

async function tenantNames(before: readonly string[], kubectl: Kubectl): Promise<readonly string[]> {
  const at = before.findIndex((word) => word === '-n' || word === '--namespace');
  const namespace = before[at + 1];
  const where = at === -1 || namespace === undefined ? ['-A'] : ['-n', namespace];
  try {
    return (await kubectl.text(['get', TENANTS, ...where, '-o', 'jsonpath={.items[*].metadata.name}', '--request-timeout=5s'])).split(' ');
  } catch {
    // A shell that is being typed into is no place for an error: there is just nothing to offer.
    return [];
  }
}
