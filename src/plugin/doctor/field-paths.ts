// The fields of a definition's schema, as paths below spec and status. Separate because the list that is generated and the one that is
// read from a cluster must be made in one way.

export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** `spec.database.server`, `status.conditions[].type`. */
export function fieldPaths(schema: Schema): readonly string[] {
  return paths(schema, '').filter((path) => /^(?:spec|status)\b/.test(path));
}

function paths({ properties = {}, items }: Schema, prefix: string): readonly string[] {
  const inner = items === undefined ? [] : paths(items, `${prefix}[]`);
  return Object.entries(properties)
    .flatMap(([name, child]) => {
      const path = prefix === '' ? name : `${prefix}.${name}`;
      return [path].concat(paths(child, path));
    })
    .concat(inner);
}
