/**
 * States that objects were really in, each with what the tools are to make of it, and a table of what they do. Separate from the test,
 * which brings the states about.
 */
import { toolsView } from '../../../dev/cluster/gitops-health-program.ts';
import { healthCheck } from '../../../dev/generate-argocd.ts';
import { KINDS } from '../../../src/api/kinds.ts';

/** What is seen: Argo CD's health, kstatus, and a part of the sentence that Argo CD shows. */
export type Seen = readonly [argo: string, kstatus: string, sentence: string];

interface State {
  readonly title: string;
  readonly object: object;
  readonly expected: Seen;
}

const CHECKS = Object.fromEntries(KINDS.map(({ resource: { kind } }) => [kind, healthCheck(kind)]));

export class States {
  readonly #states: State[] = [];

  /** `object` as the API server has it now. */
  record(title: string, object: object | undefined, expected: Seen): void {
    if (object === undefined) throw new Error(`there is no object for the state "${title}"`);
    this.#states.push({ title, object, expected });
  }

  get size(): number {
    return this.#states.length;
  }

  /** Per state the title, what was expected and what the tools say; also printed. */
  async look(): Promise<readonly { readonly title: string; readonly expected: Seen; readonly seen: Seen }[]> {
    const views = await toolsView(
      CHECKS,
      this.#states.map(({ object }) => object),
    );
    return this.#states.map(({ title, expected }, i) => {
      const { argo, kstatus } = views[i] ?? { kstatus: { status: 'none' } };
      const message = argo?.message ?? '';
      console.log(`${title.padEnd(52)} | ${(argo?.status ?? 'none').padEnd(11)} | ${kstatus.status.padEnd(11)} | ${message}`);
      return { title, expected, seen: [argo?.status ?? 'none', kstatus.status, message] };
    });
  }
}
