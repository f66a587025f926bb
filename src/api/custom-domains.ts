// Custom domains: host names of a customer's own that lead to its studio.
// Separate because a host name has more ways to be wrong than any other field, each with a sentence of its own.
// The API server judges the form only; whether a name is the platform's own is known to the operator alone.
import { z } from 'zod';
import { HOST_NAME } from './patterns.ts';
import { matches, validations } from './validation-rules.ts';

const IS_WILDCARD = "self.contains('*')";
const IS_IP = 'isIP(self)';
const HAS_UPPER_CASE = 'self != self.lowerAscii()';

const customDomainSchema = z
  .string()
  .max(253)
  .meta(
    validations(
      {
        rule: `!${IS_WILDCARD}`,
        message: 'a custom domain cannot be a wildcard; list every host name',
      },
      {
        rule: `!${IS_IP}`,
        message: 'a custom domain is a host name, not an IP address',
      },
      {
        rule: `!(${HAS_UPPER_CASE})`,
        message: 'a custom domain is written in lower case',
      },
      {
        rule: `${IS_WILDCARD} || ${IS_IP} || ${HAS_UPPER_CASE} || ${matches('self', HOST_NAME)}`,
        message:
          'a custom domain is a full host name such as booking.my-studio.example: labels of letters, digits and hyphens joined by dots, without scheme, port, path or a dot at the end',
      },
    ),
  );

export const customDomainsSchema = z.array(customDomainSchema).max(20).meta({
  description: "Host names of the customer's own that also lead to the studio; unique over the platform.",
  'x-kubernetes-list-type': 'set',
});
