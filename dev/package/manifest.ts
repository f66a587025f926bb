// The package.json of what applications install. Pure and separate, so that what it promises (doors, dependencies, Node) can be read and
// tested without building anything.

/** What is taken from the repository's own package.json. */
export interface RootManifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Sub-path of the package -> source file, without its extension. */
export const DOORS: Readonly<Record<string, string>> = {
  './routing': 'index',
  './routing/kubernetes': 'kubernetes',
  './routing/express': 'express',
};

/** Name of a program -> source file in src/, without its extension. kubectl finds both on the PATH by these names. */
export const PROGRAMS: Readonly<Record<string, string>> = {
  'kubectl-studio': 'kubectl-studio',
  'kubectl_complete-studio': 'kubectl-studio-complete',
};

/** Only some applications have them; each is needed behind one door alone. */
const OPTIONAL_PEERS: Readonly<Record<string, string>> = { '@kubernetes/client-node': '^2.0.1', express: '^5.0.0' };

/** What stands behind `express` in its types' packages. */
const TYPES_OF: Readonly<Record<string, string>> = { 'express-serve-static-core': 'express' };

/** `imported`: every package that the built files import. Throws when one of them is not to be had by an application. */
export function packageManifest(root: RootManifest, imported: readonly string[]): Readonly<Record<string, unknown>> {
  const needed = [...new Set(imported.map((name) => TYPES_OF[name] ?? name))].filter((name) => OPTIONAL_PEERS[name] === undefined);
  return {
    name: root.name,
    version: root.version,
    description:
      'Finds the tenant of a request, and its database: routing for applications of a studio-operator platform, and kubectl studio',
    license: root.license,
    type: 'module',
    engines: { node: '>=22' },
    sideEffects: false,
    exports: {
      ...Object.fromEntries(
        Object.entries(DOORS).map(([door, file]) => [door, { types: `./lib/${file}.d.ts`, default: `./lib/${file}.js` }]),
      ),
      './package.json': './package.json',
    },
    bin: Object.fromEntries(Object.entries(PROGRAMS).map(([name, file]) => [name, `plugin/${file}.js`])),
    files: ['lib', 'plugin', 'src', 'docs'],
    dependencies: Object.fromEntries(needed.toSorted().map((name) => [name, versionOf(root, name)])),
    peerDependencies: OPTIONAL_PEERS,
    peerDependenciesMeta: Object.fromEntries(Object.keys(OPTIONAL_PEERS).map((name) => [name, { optional: true }])),
  };
}

function versionOf({ dependencies }: RootManifest, name: string): string {
  const version = dependencies[name];
  if (version === undefined) throw new Error(`src/routing imports "${name}", which is not among the dependencies in package.json`);
  return version;
}
