// helm/studio-operator/values.yaml read as a document: every value with its default and the sentence above it. Separate because the
// schema of the values and the table in the chart's README are both made from it.
import { readFileSync } from 'node:fs';
import { isMap, isNode, type Pair, parseDocument, type YAMLMap } from 'yaml';

export interface Value {
  /** `metrics.service.port`. */
  readonly path: string;
  /** What the comment above it says, as one line; '' when there is none. */
  readonly about: string;
  readonly fallback: unknown;
  /** Values of its own in it that have sentences too. */
  readonly isGroup: boolean;
}

const FILE = new URL('../../helm/studio-operator/values.yaml', import.meta.url);

/** In the order of the file, groups before what is in them. */
export function chartValues(text = readFileSync(FILE, 'utf8')): readonly Value[] {
  const { contents } = parseDocument(text);
  if (!isMap(contents)) throw new Error('values.yaml is not a map');
  return valuesOf(contents, '');
}

function valuesOf(map: YAMLMap, prefix: string): readonly Value[] {
  return map.items.flatMap((pair, index) => {
    const path = `${prefix}${String(pair.key)}`;
    const { value } = pair;
    // The comment above the first key may belong to the map. What stands before an empty line is of the whole file.
    const about = lastParagraph(commentOf(pair) ?? (index === 0 ? (map.commentBefore ?? '') : ''));
    const isGroup = isMap(value) && (value.commentBefore ?? commentOf(value.items[0])) !== undefined;
    const own: Value = { path, about: oneLine(about), fallback: isNode(value) ? value.toJSON() : value, isGroup };
    return isGroup ? [own, ...valuesOf(value, `${path}.`)] : [own];
  });
}

function commentOf(pair: Pair | undefined): string | undefined {
  const key = pair?.key as { readonly commentBefore?: string | null } | undefined;
  return key?.commentBefore ?? undefined;
}

function lastParagraph(comment: string): string {
  return comment.split(/\n\s*\n/).at(-1) ?? '';
}

function oneLine(comment: string): string {
  return comment.replaceAll(/\s+/g, ' ').trim();
}
