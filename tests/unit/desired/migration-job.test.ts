// The Job and the Secret of a migration, as they are posted.

import { describe, expect, test } from 'vitest';
import { ANNOTATION } from '../../../src/api/annotations.ts';
import { migrationAttempt } from '../../../src/desired/migration-attempt.ts';
import { migrationJob, type MigrationJobInput } from '../../../src/desired/migration-job.ts';
import { migrationSecret } from '../../../src/desired/migration-secret.ts';
import { aRelease } from '../../support/a-migration.ts';
import { aTenant } from '../../support/a-tenant.ts';

const build = (change: Partial<MigrationJobInput> = {}) => {
  const tenant = change.tenant ?? aTenant();
  const release = change.release ?? aRelease(2);
  return migrationJob({
    tenant,
    organizationId: 42,
    server: 'main',
    release,
    attempt: migrationAttempt(tenant, release, 0),
    image: 'operator:1',
    resources: { limits: { memory: '512Mi' } },
    hasCa: false,
    ...change,
  });
};

// oxlint-disable-next-line no-explicit-any -- the template is reached into as loosely as the API server sees it
const pod = (job: ReturnType<typeof build>): any => (job.spec as any).template.spec;

describe('the Job', () => {
  test('is owned by its tenant and says what it is in labels', () => {
    const { metadata } = build();
    expect(metadata.ownerReferences).toMatchObject([{ kind: 'StudioTenant', uid: aTenant().metadata.uid, controller: true }]);
    expect(metadata.labels).toMatchObject({
      'app.kubernetes.io/managed-by': 'studio-operator',
      'studio-platform.io/tenant': 'my-studio',
      'studio-platform.io/release': 'studio-2',
      'studio-platform.io/server': 'main',
      'studio-platform.io/organization': '42',
    });
  });

  test('runs under the restricted pod security standard, without a token', () => {
    expect(pod(build())).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          terminationMessagePolicy: 'FallbackToLogsOnError',
        },
      ],
    });
  });

  test('has its deadline on the pod, where a missed one keeps the log', () => {
    const job = build({ release: aRelease(2, { activeDeadlineSeconds: 77 }) });
    expect(pod(job).activeDeadlineSeconds).toBe(77);
    expect(job.spec).not.toHaveProperty('activeDeadlineSeconds');
    expect(job.spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  test('counts no disruption as an attempt, and ends at once on the exit codes of migrate', () => {
    expect(build().spec).toMatchObject({
      backoffLimit: 3,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] },
          { action: 'FailJob', onExitCodes: { containerName: 'migrate', operator: 'In', values: [64, 65, 75] } },
        ],
      },
    });
  });

  test('refers to the password and never holds it', () => {
    const { env } = pod(build()).containers[0] as { env: { name: string; value?: string; valueFrom?: object }[] };
    expect(env.find(({ name }) => name === 'PGPASSWORD')).toEqual({
      name: 'PGPASSWORD',
      valueFrom: { secretKeyRef: { name: `${build().metadata.name}-login`, key: 'PGPASSWORD' } },
    });
    expect(env).toContainEqual({ name: 'STUDIO_TENANT', value: 'my-studio' });
    expect(env).toContainEqual({ name: 'STUDIO_ORGANIZATION_ID', value: '42' });
    expect(env).toContainEqual({ name: 'STUDIO_RELEASE', value: 'studio-2' });
  });

  test("takes what the release says, and the operator's own where it says nothing", () => {
    expect(pod(build()).containers[0]).toMatchObject({
      image: 'operator:1',
      command: ['migrate'],
      resources: { limits: { memory: '512Mi' } },
    });
    const release = aRelease(2, {
      image: 'studio:2',
      args: ['a'],
      env: [{ name: 'X', value: 'y' }],
      resources: { limits: { cpu: 1 } },
      imagePullSecrets: [{ name: 'pull' }],
    });
    const spec = pod(build({ release }));
    expect(spec.containers[0]).toMatchObject({ image: 'studio:2', args: ['a'], resources: { limits: { cpu: 1 } } });
    expect(spec.containers[0].env).toContainEqual({ name: 'X', value: 'y' });
    expect(spec.imagePullSecrets).toEqual([{ name: 'pull' }]);
  });

  test('mounts the certificate authority as a file where there is one', () => {
    const spec = pod(build({ hasCa: true }));
    expect(spec.containers[0].env).toContainEqual({ name: 'PGSSLROOTCERT', value: '/var/run/studio-platform/ca/ca.crt' });
    expect(spec.volumes).toContainEqual(expect.objectContaining({ name: 'ca' }));
    expect(JSON.stringify(pod(build()))).not.toContain('PGSSLROOTCERT');
  });

  test('has a name that fits a label, however long the tenant and however often tried', () => {
    const tenant = aTenant({ metadata: { name: 'a'.repeat(40) } });
    const { jobName } = migrationAttempt(tenant, aRelease(2), 1234);
    expect(jobName.length).toBeLessThanOrEqual(63);
    expect(`${jobName}-login`.length).toBeLessThanOrEqual(253);
  });
});

describe('an attempt', () => {
  const nameOf = (tenant = aTenant(), release = aRelease(2), number = 0): string => migrationAttempt(tenant, release, number).jobName;

  test('has the same name every time', () => {
    expect(nameOf()).toBe(nameOf());
  });

  test.each([
    ['another tenant of the same name', nameOf(aTenant({ metadata: { uid: 'other' } }))],
    ['another release of the same name', nameOf(aTenant(), aRelease(2, {}, { uid: 'other' }))],
    ['a retry of the tenant', nameOf(aTenant({ metadata: { annotations: { [ANNOTATION.retry]: '1' } } }))],
    ['a retry of the release', nameOf(aTenant(), aRelease(2, {}, { annotations: { [ANNOTATION.retry]: '1' } }))],
    ['a longer deadline', nameOf(aTenant(), aRelease(2, { activeDeadlineSeconds: 1200 }))],
    ['an extension that was missing', nameOf(aTenant({ spec: { database: { extensions: ['citext'] } } }))],
    ['the next attempt', nameOf(aTenant(), aRelease(2), 1)],
  ])('%s is another attempt', (_what, name) => {
    expect(name).not.toBe(nameOf());
  });

  test.each([
    ['a new display name', nameOf(aTenant({ spec: { displayName: 'Other' }, metadata: { generation: 7 } }))],
    ['a pause', nameOf(aTenant(), aRelease(2, { paused: true }))],
  ])('%s is none', (_what, name) => {
    expect(name).toBe(nameOf());
  });

  test('removing a retry annotation that was acted on asks for nothing', () => {
    const asked = aTenant({ metadata: { annotations: { [ANNOTATION.retry]: '1' } } });
    const removed = aTenant({ status: { observedGeneration: 1, handled: { retry: '1' } } });
    expect(nameOf(removed)).toBe(nameOf(asked));
  });
});

describe('the Secret', () => {
  const login = {
    address: { host: 'pg.example', port: 5433 },
    database: 'studio_42_db',
    user: 'studio_42_db_migrator',
    password: 'pa_ss-1',
    sslmode: 'verify-full',
    ca: 'PEM',
  };

  test('holds the variables that the Job refers to', () => {
    const secret = migrationSecret(aTenant(), 'my-studio-migrate-1', login);
    expect(secret.metadata).toMatchObject({ name: 'my-studio-migrate-1-login', ownerReferences: [{ kind: 'StudioTenant' }] });
    expect(secret.stringData).toMatchObject({
      PGHOST: 'pg.example',
      PGPORT: '5433',
      PGUSER: 'studio_42_db_migrator',
      PGSSLMODE: 'verify-full',
      'ca.crt': 'PEM',
    });
    const url = new URL(secret.stringData['DATABASE_URL'] ?? '');
    expect(url).toMatchObject({ hostname: 'pg.example', port: '5433', password: 'pa_ss-1', pathname: '/studio_42_db' });
    expect(url.searchParams.get('sslrootcert')).toBe('/var/run/studio-platform/ca/ca.crt');
  });

  test('an IPv6 address is written as a URL wants it', () => {
    const secret = migrationSecret(aTenant(), 'x', { ...login, address: { host: '::1', port: 5432 } });
    expect(secret.stringData['DATABASE_URL']).toContain('@[::1]:5432/');
    expect(secret.stringData['PGHOST']).toBe('::1');
  });
});
