// The first message of a PostgreSQL session, read and written. Separate because servers of several tests stand in for PostgreSQL
// as far as this message goes.

/** Undefined until the whole message is there. */
export const startUpMessage = (
  bytes: Buffer,
): { readonly parameters: Readonly<Record<string, string>>; readonly length: number } | undefined => {
  if (bytes.length < 8) return undefined;
  const length = bytes.readInt32BE(0);
  if (bytes.length < length) return undefined;
  const words = bytes.subarray(8, length).toString('utf8').split('\0');
  const parameters: Record<string, string> = {};
  for (let index = 0; (words[index] ?? '') !== ''; index += 2) parameters[words[index] ?? ''] = words[index + 1] ?? '';
  return { parameters, length };
};

export const startUpBytes = (parameters: Readonly<Record<string, string>>): Buffer => {
  const body = Buffer.from(`${Object.entries(parameters).flat().join('\0')}\0\0`, 'utf8');
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
};
