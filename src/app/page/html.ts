/*
 * HTML that escapes by construction: html`…` is the only way to make Html from values, and every value that is not Html
 * itself is escaped. Separate because nothing else in the application may put text into a page.
 */
import { escapeHtml } from '../../routing/index.ts';

/** The class's own block is the one place that can call its constructor. */
let make: (markup: string) => Html;

/** Markup that is safe to send. It cannot be made from a string but by `html` and, for constants of ours, `trusted`. */
export class Html {
  readonly #markup: string;

  private constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }

  static {
    make = (markup) => new Html(markup);
  }
}

/** What may stand in a template. `undefined` and `false` are nothing, so that a part can be left out. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/** Values may stand between tags and in attributes in double quotes; never in a tag's name, a script or a style. */
export function html(parts: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return make(parts.reduce((before, part, at) => before + markupOf(values[at - 1]) + part));
}

/** For our own constants, such as the style sheet. Never for a value that came from anywhere. */
export function trusted(constant: string): Html {
  return make(constant);
}

function markupOf(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (value instanceof Html) return value.toString();
  return isList(value) ? value.map(markupOf).join('') : escapeHtml(String(value));
}

function isList(value: HtmlValue): value is readonly HtmlValue[] {
  return Array.isArray(value);
}
