// Whose a request is, found in another way than routing does: by the URL parser and a list of every host there is.

import type { FuzzedRequest } from './requests.ts';

/** The subdomain of the tenant that may be served; undefined: nobody's. It is told nothing but names and bytes. */
export type Oracle = (request: FuzzedRequest) => string | undefined;

/** What no host name has in any spelling, and the URL parser would take for another part of a URL, or leave out. */
const NO_HOST = /[@/?#%\\^|<>`"{},]/;

export const oracleFor = (hosts: ReadonlyMap<string, string>): Oracle => {
  const ownerOf = (sent: string): string | undefined => {
    // Any number of up to five digits passes for a port: it is not what tells tenants apart.
    const text = asSent(sent.replaceAll(/^[ \t]+|[ \t]+$/g, '')).replace(/:\d{0,5}$/, '');
    if (NO_HOST.test(text) || Buffer.from(text).some((byte) => byte <= 0x20 || byte === 0x7f)) return undefined;
    // Not URL.canParse: it says yes to some names of tens of thousands of letters that the parser then refuses.
    const url = URL.parse(`http://${text}/`);
    return url === null ? undefined : hosts.get(url.hostname.replace(/\.$/, ''));
  };
  return ({ hosts: sent, forwarded, target, trusts }) => {
    const [host, ...more] = sent;
    if (host === undefined || more.length > 0) return undefined;
    if (target !== undefined && target.toLowerCase() !== host.toLowerCase()) return undefined;
    if (!trusts || forwarded.length === 0) return ownerOf(host);
    return forwarded.length > 1 ? undefined : ownerOf(forwarded[0] ?? '');
  };
};

const asSent = (latin1: string): string => {
  const text = Buffer.from(latin1, 'latin1').toString();
  return text.includes('\uFFFD') ? latin1 : text;
};
