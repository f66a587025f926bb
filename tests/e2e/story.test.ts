/**
 * The story of an installation, told on a whole cluster: real pods from the real image, installed by Helm, with PostgreSQL beside it and
 * Traefik in front. Each chapter begins where the one before ended. NetworkPolicies are applied, but the node's network plugin enforces none.
 */
import { beforeEach, describe } from 'vitest';

import { beginning } from './chapters/beginning.ts';
import { changing } from './chapters/changing.ts';
import { leaving } from './chapters/leaving.ts';
import { losing } from './chapters/losing.ts';
import { serving } from './chapters/serving.ts';
import { printDiagnosis } from './support/diagnosis.ts';

beforeEach(({ onTestFailed }) => onTestFailed(printDiagnosis));

describe('an installation', () => {
  beginning();
});
describe('requests', () => {
  serving();
});
describe('a change', () => {
  changing();
});
describe('an installation that loses something', () => {
  losing();
});
describe('an installation that goes', () => {
  leaving();
});
