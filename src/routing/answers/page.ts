/*
 * The built-in HTML page and the escaping that every page needs. Separate because it is markup, and because applications
 * use `escapeHtml` in templates of their own.
 */
import { createHash } from 'node:crypto';
import type { AnswerText } from './texts.ts';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** For text and for quoted attributes. */
export const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');

const STYLE = `
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1.5rem;background:#f3f4f7;color:#1c2230;
font:1.0625rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{width:100%;max-width:34rem;padding:2.5rem;border-radius:1rem;background:#fff;box-shadow:0 1px 2px #1c223014,0 12px 40px #1c22301a}
h1{margin:0 0 .5rem;font-size:1.75rem;line-height:1.25;letter-spacing:-.01em;text-wrap:balance}
p{margin:0;color:#4a5265}
.status{margin-bottom:1rem;font-size:.875rem;font-weight:600;letter-spacing:.06em;color:#5a46c8}
@media(max-width:30rem){main{padding:1.75rem}h1{font-size:1.5rem}}
@media(prefers-color-scheme:dark){body{background:#12151d;color:#eef0f6}main{background:#1c212d;box-shadow:none}p{color:#b4bccd}.status{color:#aea2ff}}
`;

/** The page brings its style and nothing else: no script, no other origin, no frame around it. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

export const answerPage = ({ status, title, detail }: AnswerText): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="status">${status}</p>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(detail)}</p>
</main>
</body>
</html>
`;
