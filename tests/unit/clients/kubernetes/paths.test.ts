// Addresses in the REST API, by value.
import { expect, test } from 'vitest';
import { JOB, POD, STUDIO_TENANT, TENANT_PLAN } from '../../../../src/api/resources.ts';
import { pathOf, queryOf } from '../../../../src/clients/kubernetes/paths.ts';

test.each([
  [POD, { namespace: 'ns', name: 'one' }, '/api/v1/namespaces/ns/pods/one'],
  [POD, {}, '/api/v1/pods'],
  [JOB, { namespace: 'ns' }, '/apis/batch/v1/namespaces/ns/jobs'],
  [TENANT_PLAN, { name: 'free' }, '/apis/studio-platform.io/v1alpha1/tenantplans/free'],
  [
    STUDIO_TENANT,
    { namespace: 'ns', name: 'one', subresource: 'status' },
    '/apis/studio-platform.io/v1alpha1/namespaces/ns/studiotenants/one/status',
  ],
])('%o at %o', (resource, address, path) => {
  expect(pathOf(resource, address)).toBe(path);
});

test('a name that would change the address is refused or quoted, never obeyed', () => {
  expect(() => pathOf(POD, { namespace: 'ns', name: '' })).toThrow('is no name');
  expect(() => pathOf(POD, { namespace: 'ns', name: '..' })).toThrow('is no name');
  expect(pathOf(POD, { namespace: 'ns', name: 'a/../b?c' })).toBe('/api/v1/namespaces/ns/pods/a%2F..%2Fb%3Fc');
});

test('a namespace too many or too few is a mistake', () => {
  expect(() => pathOf(TENANT_PLAN, { namespace: 'ns', name: 'free' })).toThrow('is not in a namespace');
  expect(() => pathOf(POD, { name: 'one' })).toThrow('needs a namespace');
});

test('a query holds what is there, quoted', () => {
  expect(queryOf({})).toBe('');
  expect(queryOf({ limit: 500, continue: undefined, labelSelector: 'a=b,c', watch: true, x: '' })).toBe(
    '?limit=500&labelSelector=a%3Db%2Cc&watch=true',
  );
});
