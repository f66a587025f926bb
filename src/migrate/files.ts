/**
 * Knows which migration file is being run. Separate because the tool itself only says so in its log, as text.
 */
import type { RunnerOption } from 'node-pg-migrate';
import { builtInLoaders } from 'node-pg-migrate/migrationLoader';
import { basename } from 'node:path';

export type Strategies = NonNullable<RunnerOption['migrationLoaderStrategies']>;
type Loader = Exclude<Strategies[number]['loader'], string>;
type Actions = Awaited<ReturnType<Loader>>[number]['actions'];
type Action = Extract<NonNullable<Actions['up']>, (...parameters: never) => unknown>;

/** The package declares its types twice, once per entry point, and they do not mix. */
const loaders = builtInLoaders as unknown as Readonly<Record<'legacySql' | 'default', Loader>>;

export class FileInProgress {
  /** Path of the file whose migration was begun last. */
  current: string | undefined;
  readonly strategies: Strategies;
  readonly #print: (line: string) => unknown;

  constructor(print: (line: string) => unknown) {
    this.#print = print;
    this.strategies = [
      { extensions: ['.sql'], loader: this.#noting(loaders.legacySql) },
      { extensions: ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts'], loader: this.#noting(loaders.default) },
    ];
  }

  #noting(load: Loader): Loader {
    return async (paths) => {
      const units = await load(paths);
      return units.map(({ id, filePaths, actions }) => ({ id, filePaths, actions: this.#begins(id, actions) }));
    };
  }

  #begins(path: string, actions: Actions): Actions {
    const { up } = actions;
    if (typeof up !== 'function') return actions;
    const note = (): void => {
      this.current = path;
      this.#print(`running ${basename(path)}`);
    };
    return { ...actions, up: afterNote(up, note) };
  }
}

/** The tool tells by the number of parameters whether a migration calls back. */
function afterNote(up: Action, note: () => void): Action {
  if (up.length === 2)
    return (pgm, run) => {
      note();
      return up(pgm, run);
    };
  return (pgm) => {
    note();
    return up(pgm);
  };
}
