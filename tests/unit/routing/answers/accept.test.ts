// HTML or JSON, over Accept headers as clients send them.

import { expect, test } from 'vitest';
import { preferredFormat } from '../../../../src/routing/answers/accept.ts';

test.each([
  // Programs
  [undefined, 'json'],
  ['', 'json'],
  ['*/*', 'json'],
  ['application/json', 'json'],
  ['application/problem+json', 'json'],
  ['application/json, text/plain, */*', 'json'],
  ['application/*', 'json'],
  ['image/png', 'json'],
  // Browsers
  ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'html'],
  ['TEXT/HTML', 'html'],
  ['text/*', 'html'],
  // Qualities
  ['text/html;q=0.5, application/json', 'json'],
  ['application/json;q=0.5, text/html', 'html'],
  ['application/json;q=0.5, text/html;q=0.6;level=1', 'html'],
  ['text/html;q=0, */*', 'json'],
  ['application/json;q=0, */*', 'html'],
  ['text/html;q=0, application/json;q=0', 'json'],
  ['*/*;q=0.1, text/html;q=0.2', 'html'],
  ['text/*;q=0.9, application/json;q=0.8', 'html'],
  // The most exact range decides: HTML is 0.1 here, whatever text/* says.
  ['text/*, text/html;q=0.1, application/json;q=0.5', 'json'],
  // Equal: the one named first, and JSON where none is named.
  ['text/html, application/json', 'html'],
  ['application/json, text/html', 'json'],
  ['text/html, */*', 'html'],
  // Nonsense
  [';;;,,,q=', 'json'],
  ['text/html;q=abc', 'html'],
  ['text/html;q=9, application/json;q=1', 'html'],
  [`text/html${';q=1'.repeat(3_000)}`, 'html'],
])('%s: %s', (accept, expected) => {
  expect(preferredFormat(accept)).toBe(expected);
});
