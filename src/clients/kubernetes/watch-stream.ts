/*
 * From the bytes of a watch to its events: one JSON document per line. Separate from the transport so that the parsing
 * is tested on plain chunks, cut at every place.
 */
import type { KubernetesObject } from '../../api/object-meta.ts';
import { Unavailable } from '../../runtime/unavailable.ts';
import { errorOfEvent } from './error-response.ts';
import type { WatchEvent } from './kubernetes.ts';

/** Throws KubernetesError for an ERROR event, Unavailable for what is no event or ends in the middle of one. */
export async function* watchEvents<T extends KubernetesObject>(
  what: string,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<WatchEvent<T>, void> {
  for await (const line of linesOf(what, chunks)) yield eventOf<T>(what, line);
}

async function* linesOf(what: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  /** Pieces of the line that is not complete: joined once, as an object of a megabyte comes in many chunks. */
  let pieces: string[] = [];
  for await (const chunk of chunks) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    pieces.push(first);
    for (const next of rest) {
      const line = pieces.join('');
      pieces = [next];
      if (line.trim() !== '') yield line;
    }
  }
  if (pieces.join('').trim() !== '') throw broken(what, 'it ended in the middle of an event');
}

function eventOf<T extends KubernetesObject>(what: string, line: string): WatchEvent<T> {
  const event = parse(what, line);
  if (event.type === 'ERROR') throw errorOfEvent(what, event.object);
  if (!isType(event.type) || typeof event.object?.metadata?.resourceVersion !== 'string') {
    throw broken(what, 'a line of it is no event');
  }
  return { type: event.type, object: event.object as T };
}

interface RawEvent {
  readonly type?: string;
  readonly object?: { readonly metadata?: { readonly resourceVersion?: unknown } };
}

function parse(what: string, line: string): RawEvent {
  try {
    return (JSON.parse(line) ?? {}) as RawEvent;
  } catch (error) {
    throw broken(what, 'a line of it is not JSON', error);
  }
}

const TYPES = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'] as const;

function isType(type: string | undefined): type is (typeof TYPES)[number] {
  return TYPES.some((known) => known === type);
}

function broken(what: string, how: string, cause?: unknown): Unavailable {
  return new Unavailable(`${what}: ${how}`, { system: 'kubernetes', cause });
}
