// Everything that the tests on a whole cluster need from outside, fetched or built once: what this takes minutes for the first time is
// found in the cache after that. Separate from the tests because they run where there is no network.

import { helmProgram } from '../helm.ts';
import { buildOnce } from '../cluster/go-program.ts';
import { dockerEngineAnswers } from '../cluster/docker-engine.ts';
import { TRAEFIK } from '../cluster/traefik-program.ts';
import { buildImage } from '../image/build-image.ts';
import { SetupError } from '../setup-error.ts';
import { enclosureObstacle } from '../node/enclosure/enclosure.ts';
import { nodePrograms } from '../node/node-source.ts';
import type { NodePrograms } from '../node/node-programs.ts';

/** What the tests run on: K3s in a Docker engine, a node of our own, or nothing, and then why. */
export type Ground =
  | { readonly kind: 'docker' }
  | { readonly kind: 'node'; readonly programs: NodePrograms; readonly archive: string; readonly image: string }
  | { readonly kind: 'none'; readonly why: string };

/** Of the variable by which the tests are told their ground, as JSON. */
export const GROUND_VARIABLE = 'STUDIO_E2E_GROUND';

/**
 * With progress on standard error. Throws SetupError where CI is set and all that is missing can be installed: nobody who looks at a green
 * gate reads that a part of it did not run.
 */
export const setUp = async (): Promise<Ground> => {
  if (await dockerEngineAnswers()) {
    await helmProgram(4);
    return { kind: 'docker' };
  }
  const obstacle = await enclosureObstacle();
  if (obstacle !== undefined) return { kind: 'none', why: `${obstacle}, and no Docker engine answers` };
  const programs = await nodePrograms().catch((error: unknown) => {
    if (error instanceof SetupError && !isGate()) return error.message;
    throw error;
  });
  if (typeof programs === 'string') return { kind: 'none', why: `${programs}; and no Docker engine answers` };
  await helmProgram(4);
  await buildOnce(TRAEFIK);
  const { archive, reference } = await buildImage({ tag: 'e2e' });
  return { kind: 'node', programs, archive, image: reference };
};

/** As `.ci/run` and the services that run it say it. */
const isGate = (): boolean => !['', '0', 'false'].includes(process.env['CI'] ?? '');
