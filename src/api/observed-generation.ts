// status.observedGeneration, the same in every kind.
// Separate because its default is a rule of its own: -1 keeps tools from taking an unseen object for a finished one.
import { z } from 'zod';

/** What the API server puts into a status that no controller has written yet. */
export const UNSEEN_STATUS = { observedGeneration: -1 } as const;

export const observedGenerationSchema = z.int().min(-1).exactOptional().meta({
  description: 'The metadata.generation that this status speaks of; -1 before the first look.',
});
