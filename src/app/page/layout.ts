/*
 * The frame of every page and the style sheet in it. Separate because pages that say what is wrong have the same frame.
 * The style sheet is part of the page: one request, and no address of its own that needs a tenant.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { html, type Html, trusted } from './html.ts';

const STYLE = readFileSync(new URL('style.css', import.meta.url), 'utf8');

/** As the Content-Security-Policy names it: no other style is applied. */
export const STYLE_HASH = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`;

/** Whole, so that no space comes between: the hash is of all that the element holds. */
const STYLE_ELEMENT = trusted(`<style>${STYLE}</style>`);

const HUES = 8;

export interface Frame {
  readonly title: string;
  /** Studios side by side should not look alike; undefined: nobody's page. */
  readonly organizationId?: number | undefined;
}

export function layout({ title, organizationId = 0 }: Frame, content: Html): string {
  return html`<!doctype html>
    <html lang="en" class="hue-${organizationId % HUES}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        ${content}
      </body>
    </html> `.toString();
}

/** A page that says one thing. */
export function messagePage(title: string, sentences: readonly string[]): string {
  return layout(
    { title },
    html`<main class="message">
      <h1>${title}</h1>
      ${sentences.map((sentence) => html`<p>${sentence}</p>`)}
    </main>`,
  );
}
