// What the story is told about the cluster it is told on, beside what every integration test knows. Plain data: it passes from one process
// to another.

import { inject } from 'vitest';

export interface World {
  readonly way: 'node' | 'docker';
  /** PostgreSQL, as pods see it. */
  readonly databaseHost: string;
  readonly databasePort: number;
  /** The operator's image, and another name of it where it has one. */
  readonly image: string;
  readonly otherImage?: string;
  /** Of 127.0.0.1, where the Ingress controller answers. */
  readonly httpPort: number;
  readonly ingressClass: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    readonly world: World;
  }
}

export const world = (): World => inject('world');
