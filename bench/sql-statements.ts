// How many statements stand in one string, and what they are without their values. Pure; separate because one string of the simple
// protocol holds several, which a log shows as one.

/** A quoted thing, a comment, or one character. */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\w*\$)[\s\S]*?\1|--[^\n]*|\/\*[\s\S]*?\*\/|[\s\S]/g;

/** Statements in the text; an empty one between semicolons does not count. */
export const countStatements = (sql: string): number => splitStatements(sql).length;

export const splitStatements = (sql: string): readonly string[] => {
  const statements: string[] = [];
  let current = '';
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ';') {
      statements.push(current);
      current = '';
    } else if (!token.startsWith('--') && !token.startsWith('/*')) current += token;
  }
  return [...statements, current].map((statement) => statement.trim()).filter((statement) => statement !== '');
};

/** Texts that differ only in names of tenants, numbers and literals become the same. */
export const shapeOf = (statement: string): string =>
  statement
    .replaceAll(/'(?:[^']|'')*'/g, '?')
    .replaceAll(/studio_prov_[0-9a-f]+/g, 'studio_prov_N')
    .replaceAll(/\d+/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .slice(0, SHAPE_CHARACTERS);

const SHAPE_CHARACTERS = 160;
