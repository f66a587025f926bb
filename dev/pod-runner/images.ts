// Which images there are without a registry: each maps its programs to something on this machine. Separate because everything else
// about a pod is the same whatever it runs.

import path from 'node:path';

export interface LocalImage {
  /** What may stand first in a container's command, with the command line that runs it here. */
  readonly programs: Readonly<Record<string, readonly string[]>>;
  /** Used when a container names no command. */
  readonly entryPoint: readonly string[];
  readonly workingDirectory: string;
  /** The image's own ENV. */
  readonly env: Readonly<Record<string, string>>;
  /** The variables by which its programs are told where to listen: pods share this machine, so each gets ports of its own, by their names. */
  readonly listens?: { readonly host: string; readonly ports: Readonly<Record<string, string>> };
}

export type Images = Readonly<Record<string, LocalImage>>;

const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** The operator's own image as the Dockerfile makes it: commands `operator`, `migrate` and `app`, plus `node` and a shell. */
export const operatorImage = (repository: string = REPOSITORY): LocalImage => ({
  programs: {
    operator: [process.execPath, path.join(repository, 'src/main.ts')],
    migrate: [process.execPath, path.join(repository, 'src/migrate.ts')],
    app: [process.execPath, path.join(repository, 'src/app.ts')],
    node: [process.execPath],
    sh: ['/bin/sh'],
    '/bin/sh': ['/bin/sh'],
  },
  entryPoint: ['operator'],
  workingDirectory: repository,
  listens: { host: 'LISTEN_HOST', ports: { http: 'LISTEN_PORT', metrics: 'METRICS_PORT' } },
  env: { PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin` },
});

/** The local command line of a container's command and arguments; undefined when the image has no such program. */
export const commandLine = (image: LocalImage, command: readonly string[], args: readonly string[]): readonly string[] | undefined => {
  const [program, ...rest] = command.length > 0 ? command : image.entryPoint;
  const local = program === undefined ? undefined : image.programs[program];
  return local === undefined ? undefined : [...local, ...rest, ...args];
};
