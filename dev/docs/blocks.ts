// Fenced code blocks of the documentation and what their info strings say of them. Separate from what runs them, because the list of
// commands, the rule that each is run, and the tests all read them here: a command stands in its page and nowhere else.
//
//   ```sh test=tests/integration/docs/install.test.ts#install    run by that test, under that name
//   ```sh not-run="needs a cloud account"                        not run, and why
//   ```yaml file=values.yaml                                     a file that the commands beside it use
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface DocBlock {
  /** From the root of the repository. */
  readonly document: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  /** The first word of the info string; empty when there is none. */
  readonly language: string;
  /** Without the indentation of its fence. */
  readonly text: string;
  /** The test file that runs it, from the root of the repository. */
  readonly test: string | undefined;
  /** Under which name; unique in its document. */
  readonly name: string | undefined;
  readonly notRun: string | undefined;
  /** The name that readers save it under. */
  readonly file: string | undefined;
}

const PAGES = ['README.md', 'docs/**/*.md', 'helm/studio-operator/README.md'];
const FENCE = /^( *)(`{3,})([^`\n]*)\n([^]*?)^\1\2 *$/gm;
const ATTRIBUTE = /([a-z-]+)=(?:"([^"]*)"|(\S+))/g;

/** Every page that people read, from the root of the repository. */
export function docPages(): readonly string[] {
  return globSync(PAGES, { cwd: ROOT }).toSorted();
}

/** In the order in which they stand. */
export function blocksOf(document: string): readonly DocBlock[] {
  return blocksIn(document, readFileSync(path.join(ROOT, document), 'utf8'));
}

export function blocksIn(document: string, text: string): readonly DocBlock[] {
  return [...text.matchAll(FENCE)].map(({ index, 1: indentation = '', 3: info = '', 4: content = '' }) => {
    const attributes = new Map([...info.matchAll(ATTRIBUTE)].map(([, key = '', quoted, bare]) => [key, quoted ?? bare ?? '']));
    const [test, name] = attributes.get('test')?.split('#') ?? [];
    return {
      document,
      line: text.slice(0, index).split('\n').length,
      language: /^\w+/.exec(info.trim())?.[0] ?? '',
      text: content.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
      test,
      name,
      notRun: attributes.get('not-run'),
      file: attributes.get('file'),
    };
  });
}

/** Shells' and databases' commands; transcripts of sessions (`$ command`) count. */
export function isCommand({ language, text }: DocBlock): boolean {
  if (['sh', 'sql', 'console'].includes(language)) return true;
  return ['bash', 'shell', 'zsh'].includes(language) || (language === '' && /^\$ /m.test(text));
}

/** The one of that name. Throws where there is none, or more than one. */
export function blockOf(document: string, name: string): DocBlock {
  const found = blocksOf(document).filter((block) => block.name === name);
  const [block] = found;
  if (block === undefined || found.length > 1) throw new Error(`${document} has ${found.length} blocks named ${name}`);
  return block;
}
