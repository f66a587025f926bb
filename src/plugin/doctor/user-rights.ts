// What the user may do, asked of the API server as `kubectl auth can-i` asks it: all questions in one call.
// Separate because it is the one check that creates something (reviews, which are answered and kept nowhere).
import { POD, SECRET } from '../../api/resources.ts';
import { POSTGRES_SERVER, SCHEMA_RELEASE, STUDIO_TENANT } from '../../api/resources.ts';
import type { Kubectl } from '../kubernetes/kubectl.ts';
import { type Finding, ok, skip } from './finding.ts';

interface Question {
  readonly what: string;
  readonly verb: string;
  readonly resource: { readonly group: string; readonly plural: string };
  readonly subresource?: string;
  readonly isClusterWide?: true;
}

const QUESTIONS: readonly Question[] = [
  { what: 'status', verb: 'list', resource: STUDIO_TENANT },
  { what: 'status: servers', verb: 'list', resource: POSTGRES_SERVER, isClusterWide: true },
  { what: 'status: releases', verb: 'list', resource: SCHEMA_RELEASE, isClusterWide: true },
  { what: 'logs', verb: 'get', resource: POD, subresource: 'log' },
  { what: 'retry, suspend and resume', verb: 'patch', resource: STUDIO_TENANT },
  { what: 'retry of a release', verb: 'patch', resource: SCHEMA_RELEASE, isClusterWide: true },
  { what: 'psql', verb: 'get', resource: SECRET },
  { what: 'psql by port-forward', verb: 'create', resource: POD, subresource: 'portforward' },
];

interface Review {
  readonly spec: { readonly resourceAttributes: { readonly verb: string; readonly resource: string; readonly subresource?: string } };
  readonly status?: { readonly allowed: boolean };
}

/** `namespace`: where tenants are. */
export async function checkRights(kubectl: Kubectl, namespace: string): Promise<readonly Finding[]> {
  const items = QUESTIONS.map((question) => review(question, namespace));
  const text = await kubectl.text(
    ['create', '-f', '-', '-o', 'json', '--validate=false'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );
  const answers = documents<Review>(text);
  const refused = QUESTIONS.filter((_, i) => answers[i]?.status?.allowed !== true);
  const allowed = QUESTIONS.filter((question) => !refused.includes(question));
  return [
    ok('your rights', allowed.length === 0 ? 'none of the commands' : `enough for ${allowed.map(({ what }) => what).join('; ')}`),
    ...refused.map((question) =>
      skip('your rights', `not enough for ${question.what}: kubectl auth can-i ${question.verb} ${written(question, namespace)}`),
    ),
  ];
}

function review({ verb, resource, subresource, isClusterWide }: Question, namespace: string): object {
  const resourceAttributes = {
    verb,
    group: resource.group,
    resource: resource.plural,
    ...(subresource === undefined ? {} : { subresource }),
    ...(isClusterWide === true ? {} : { namespace }),
  };
  return { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } };
}

function written({ resource: { group, plural }, subresource, isClusterWide }: Question, namespace: string): string {
  const name = group === '' ? plural : `${plural}.${group}`;
  return `${name}${subresource === undefined ? '' : ` --subresource=${subresource}`}${isClusterWide === true ? '' : ` -n ${namespace}`}`;
}

/** kubectl prints one object after the other, each beginning and ending at the margin; or a list of them. */
function documents<T>(text: string): readonly T[] {
  return text
    .split(/^(?=\{)/m)
    .filter((part) => part.trim() !== '')
    .flatMap((part) => {
      const value = JSON.parse(part) as T & { readonly items?: readonly T[] };
      return value.items ?? [value];
    });
}
