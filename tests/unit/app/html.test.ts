/** The page's markup: no value can become markup, and the style is the one that the policy lets through. */
import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { html, Html, trusted } from '../../../src/app/page/html.ts';
import { escapeHtml } from '../../../src/routing/index.ts';
import { layout, messagePage, STYLE_HASH } from '../../../src/app/page/layout.ts';

const ENTITIES: Record<string, string> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" };
const unescaped = (markup: string): string => markup.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? '');
/** What attacks are made of, beside any text at all. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('<', '>', '"', "'", '&', '<script>', '</style>', '&lt;', 'x', ' onload=', '-->', ']]>'))
    .map((parts) => parts.join('')),
);

describe('html', () => {
  it('lets no value out of its place, whatever it is', () => {
    fc.assert(
      fc.property(text, (value) => {
        const markup = html`<p title="${value}">${value}</p>`.toString();
        const [, attribute, content] = /^<p title="([^"<>']*)">([^"<>']*)<\/p>$/su.exec(markup) ?? [];
        expect(attribute).toBe(content);
        expect(unescaped(content ?? 'not one element')).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it('escapes once, however deep a value is', () => {
    const inner = html`<b>${'a & b'}</b>`;
    expect(html`<i>${[inner, ['<', [inner]]]}</i>`.toString()).toBe('<i><b>a &amp; b</b>&lt;<b>a &amp; b</b></i>');
  });

  it('leaves out what is not there, and keeps zero', () => {
    expect(html`[${undefined}${false}${0}${''}${[]}]`.toString()).toBe('[0]');
  });

  it('takes an object that pretends to be markup for text', () => {
    const pretender = { toString: () => '<script>' } as unknown as string;
    expect(html`${pretender}`.toString()).toBe('&lt;script&gt;');
    expect(trusted('<hr>')).toBeInstanceOf(Html);
    expect(escapeHtml('"')).toBe('&quot;');
  });
});

describe('a page', () => {
  it('has exactly the style that the policy names', () => {
    const [, style = ''] = /<style>(.*)<\/style>/s.exec(layout({ title: 't' }, html``)) ?? [];
    expect(style.length).toBeGreaterThan(1_000);
    expect(`sha256-${createHash('sha256').update(style).digest('base64')}`).toBe(STYLE_HASH);
  });

  it('has no script, no style in an attribute and nothing from elsewhere', () => {
    const page = messagePage('<i>Title</i>', ['<script>alert(1)</script>']);
    expect(page).toContain('<title>&lt;i&gt;Title&lt;/i&gt;</title>');
    expect(page).not.toMatch(/<script|\sstyle=|\son\w+=|https?:\/\//i);
  });
});
