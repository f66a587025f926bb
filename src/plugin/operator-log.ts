// Which lines of the operator's log speak of a tenant. Pure. Separate because the log has two forms: JSON, and lines for people.

interface Named {
  readonly name: string;
  readonly namespace?: string;
}

/** In order of time; lines of the JSON form carry it. */
export function linesAbout({ name, namespace }: Named, lines: readonly string[]): readonly string[] {
  const about = lines.filter((line) => speaksOf(line, name, namespace ?? ''));
  return about.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

function speaksOf(line: string, name: string, namespace: string): boolean {
  const fields = fieldsOf(line);
  if (fields === undefined) return line.includes(`"namespace":"${namespace}"`) && line.includes(`"name":"${name}"`);
  return fields['name'] === name && fields['namespace'] === namespace;
}

function fieldsOf(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    // A line that was cut off, as at the beginning of a rotated log.
    return undefined;
  }
}

function timeOf(line: string): string {
  const time = fieldsOf(line)?.['time'];
  return typeof time === 'string' ? time : '';
}
