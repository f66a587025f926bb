/*
 * HTML or JSON, from an Accept header (RFC 9110, 12.5.1). Separate because it is a small rule with many corners; for two
 * types no library is needed.
 */
export type Format = 'html' | 'json';

interface Preference {
  readonly quality: number;
  /** How exactly the type was named: 3 itself, 2 `application/*`, 1 any type. The most exact range decides, whatever its quality. */
  readonly exactness: number;
  /** Place in the header. */
  readonly place: number;
}

const NONE: Preference = { quality: 0, exactness: 0, place: Number.POSITIVE_INFINITY };
const HTML = new Set(['text/html', 'application/xhtml+xml']);
const JSON_TYPES = new Set(['application/json', 'application/problem+json']);

/** JSON unless HTML is wanted more: programs that say nothing, or take anything, get JSON; browsers name HTML first. */
export const preferredFormat = (accept: string | undefined): Format => {
  if (accept === undefined || accept === '') return 'json';
  const ranges = accept.toLowerCase().split(',');
  const html = preferenceFor(ranges, HTML, 'text/*');
  const json = preferenceFor(ranges, JSON_TYPES, 'application/*');
  if (html.quality !== json.quality) return html.quality > json.quality ? 'html' : 'json';
  if (html.quality === 0) return 'json';
  return html.exactness > 1 && html.place < json.place ? 'html' : 'json';
};

const preferenceFor = (ranges: readonly string[], types: ReadonlySet<string>, family: string): Preference => {
  let best = NONE;
  for (const [place, range] of ranges.entries()) {
    const [name = '', ...parameters] = range.split(';').map((part) => part.trim());
    const exactness = types.has(name) ? 3 : name === family ? 2 : name === '*/*' ? 1 : 0;
    const quality = qualityOf(parameters);
    const isBetter = exactness > best.exactness || (exactness === best.exactness && quality > best.quality);
    if (exactness > 0 && isBetter) best = { quality, exactness, place };
  }
  return best;
};

/** 0 to 1; what cannot be read counts as 1, as if it had not been sent. */
const qualityOf = (parameters: readonly string[]): number => {
  const value = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  const quality = value === undefined || value === '' ? 1 : Number(value);
  return Number.isNaN(quality) ? 1 : Math.min(Math.max(quality, 0), 1);
};
