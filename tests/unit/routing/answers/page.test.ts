// The built-in page, as text: what a browser and a screen reader need is there, and nothing from elsewhere.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { answerPage, escapeHtml, PAGE_POLICY } from '../../../../src/routing/answers/page.ts';
import { ANSWER_TEXTS } from '../../../../src/routing/answers/texts.ts';

describe('the built-in page', () => {
  test.each(Object.entries(ANSWER_TEXTS))('for %s has a language, a title, a heading and a main part', (_, text) => {
    const page = answerPage(text);
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).toContain(`<title>${text.title}</title>`);
    expect(page.match(/<h1>[^<]+<\/h1>/g)).toHaveLength(1);
    expect(page.match(/<main>/g)).toHaveLength(1);
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).not.toMatch(/<script|https?:|\bsrc=|\bhref=|@import|url\(/);
  });

  test('is allowed its own style by its policy', () => {
    const style = /<style>([^]*)<\/style>/.exec(answerPage(ANSWER_TEXTS.unknown))?.[1] ?? '';
    expect(PAGE_POLICY).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
  });

  test('escapes what it is given', () => {
    const page = answerPage({ status: 404, code: 'x', title: '<b>"T"</b>', detail: "a & 'b'" });
    expect(page).toContain('<h1>&lt;b&gt;&quot;T&quot;&lt;/b&gt;</h1>');
    expect(page).toContain('<p>a &amp; &#39;b&#39;</p>');
  });
});

test('escaping covers text and quoted attributes', () => {
  expect(escapeHtml(`<img src=x onerror='alert("1")'> & more`)).toBe('&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt; &amp; more');
});
