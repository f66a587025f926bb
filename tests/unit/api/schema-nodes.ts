// Walks an OpenAPI schema and gives every node with its path.
// Separate because several tests ask different questions of the same nodes.

export type Node = Readonly<Record<string, unknown>>;

export interface SchemaNode {
  /** `.spec.database.extensions[]`; `{}` for the values of a map. */
  readonly path: string;
  readonly node: Node;
}

export function schemaNodes(node: Node, path = ''): readonly SchemaNode[] {
  return [{ path, node }, ...children(node, path).flatMap(([child, childPath]) => schemaNodes(child, childPath))];
}

function children(node: Node, path: string): readonly (readonly [Node, string])[] {
  const properties = Object.entries((node['properties'] ?? {}) as Readonly<Record<string, Node>>);
  const inner: (readonly [Node, string])[] = properties.map(([name, child]) => [child, `${path}.${name}`]);
  if (isNode(node['items'])) inner.push([node['items'], `${path}[]`]);
  if (isNode(node['additionalProperties'])) inner.push([node['additionalProperties'], `${path}{}`]);
  return inner;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null;
}
