/**
 * What the operator does to organizations, one function per statement. All of them are safe to repeat: what has
 * been done already changes nothing and writes no second event. The SQL is beside, in the files named *-sql.ts.
 */
import type { Query } from '../clients/postgres/sql.ts';
import { ADOPT, CHANGE_CLAIMS } from './claims-sql.ts';
import { type Conflict, normalizedClaims, refusal } from './conflicts.ts';
import { ERASE } from './erasure-sql.ts';
import type {
  ClaimOutcome,
  Claims,
  LivingStatus,
  ObjectIdentity,
  Organization,
  OrganizationRef,
  Placement,
  RecordedSchema,
  RegisterOutcome,
  Tombstone,
} from './organization.ts';
import { recordOrganization } from './record.ts';
import { REBUILD, REGISTER } from './registration-sql.ts';
import { claiming, statement } from './statement.ts';

/** Everything a row needs from its first moment on; its status is `provisioning`. */
export interface Registration {
  readonly identity: ObjectIdentity;
  readonly claims: Claims;
  readonly placement: Placement;
}

/** What a database on a server says about a row that the master database has lost. */
export interface Rebuilding extends Registration {
  /** N of the studio_N_db that carries the uid. */
  readonly id: number;
  readonly databaseOid: number;
}

/** Undefined: no living row of that id and uid exists any more. */
type Recorded = Organization | undefined;

type Registered = { readonly conflicts: readonly Conflict[] | null } & (Organization | { readonly id: null });

interface Claimed {
  readonly conflicts: readonly Conflict[] | null;
  readonly found: boolean;
}

/**
 * Gives an object its organization: a number, its claims and its server. Where the uid has a row, that is the
 * answer, as it is. Not for use inside a transaction.
 */
export function registerOrganization(query: Query, registration: Registration): Promise<RegisterOutcome> {
  const { identity, claims, placement } = registration;
  return register(query, 'register-organization', { ...identity, ...normalizedClaims(claims), ...placement });
}

/**
 * Makes the row anew that a restored master database has lost, with the number its database has; no organization
 * registered later gets that number. Where the uid has a row, that is the answer. Not for use inside a transaction.
 */
export async function rebuildOrganization(query: Query, rebuilding: Rebuilding): Promise<RegisterOutcome> {
  const { identity, claims, placement, id, databaseOid } = rebuilding;
  await moveIdentityPast(query, id);
  const numbered = { id, databaseOid, mustBeNewId: true };
  return register(query, 'rebuild-organization', { ...identity, ...normalizedClaims(claims), ...placement, ...numbered });
}

/**
 * Makes sure that no organization registered from now on gets `id` or a smaller number. Called with the highest
 * number seen on any server, it keeps a restored master database from giving a number out twice.
 */
export async function moveIdentityPast(query: Query, id: number): Promise<void> {
  await query({ text: 'SELECT public.move_organization_ids_past($1)', values: [id], kind: 'move-identity' });
}

/**
 * Brings subdomain, domains and display name to `claims`; gather again to see them. Refused as a whole: what was
 * held before stays held. Not for use inside a transaction.
 */
export function changeClaims(query: Query, organization: Organization, claims: Claims): Promise<ClaimOutcome> {
  const { id, uid, clusterId, namespace, name } = organization;
  return claim(query, 'change-claims', { id, uid, clusterId, namespace, name, ...normalizedClaims(claims) });
}

/**
 * Hands a living row, with its number, server and data, over to a new object; it is `provisioning` again and needs
 * a new password, whose generation counts on. `gone` when the row is not the one that was read any more: gather
 * again. The caller makes sure that no object with the old uid exists. Not for use inside a transaction.
 */
export function adoptOrganization(
  query: Query,
  organization: Organization,
  identity: ObjectIdentity,
  claims: Claims,
): Promise<ClaimOutcome> {
  const from = { id: organization.id, fromUid: organization.uid };
  return claim(query, 'adopt-organization', { ...from, ...identity, ...normalizedClaims(claims) });
}

/**
 * Records what clients of the database connect to. An organization stays on its server: throws RangeError for
 * another one.
 */
export function placeOrganization(query: Query, organization: Organization, placement: Placement): Promise<Recorded> {
  const { serverName, ...endpoint } = placement;
  if (serverName !== organization.serverName) throw new RangeError('an organization cannot be placed on another server');
  return recordOrganization(query, organization, { endpoint });
}

/** Records that the database exists: from here on a missing one is lost, and never made again. */
export function recordDatabase(query: Query, organization: OrganizationRef, databaseOid: number): Promise<Recorded> {
  return recordOrganization(query, organization, { databaseOid });
}

/** Records the release that the database has been migrated to. */
export function recordSchema(query: Query, organization: OrganizationRef, schema: RecordedSchema): Promise<Recorded> {
  return recordOrganization(query, organization, { schema });
}

/** @param reason a CamelCase word for the event; no personal data */
export function setStatus(query: Query, organization: OrganizationRef, status: LivingStatus, reason?: string): Promise<Recorded> {
  return recordOrganization(query, organization, { status, reason });
}

/** Makes a tombstone of a row whose database has been dropped; last of all. */
export function deleteOrganization(query: Query, organization: OrganizationRef): Promise<void> {
  return erase(query, organization, 'deleted');
}

/**
 * Makes a tombstone of a row whose database may still exist on a server that is gone. Should that server come back
 * and the database be dropped, `deleteOrganization` completes it.
 */
export function abandonOrganization(query: Query, organization: OrganizationRef): Promise<void> {
  return erase(query, organization, 'abandoned');
}

async function erase(query: Query, { id, uid }: OrganizationRef, status: Tombstone['status']): Promise<void> {
  await query(statement('erase-organization', ERASE, { id, uid, status }));
}

const REGISTRATIONS = { 'register-organization': REGISTER, 'rebuild-organization': REBUILD } as const;

async function register(query: Query, kind: keyof typeof REGISTRATIONS, input: object): Promise<RegisterOutcome> {
  const [row] = await claiming<Registered>(query, statement(kind, REGISTRATIONS[kind], input));
  if (row === undefined) throw new Error(`${kind} returned no row`);
  const { conflicts, ...organization } = row;
  if (organization.id !== null) return { kind: 'registered', organization };
  const refused = refusal(conflicts);
  if (refused === undefined) throw new Error(`${kind} made no row and met no conflict`);
  return refused;
}

const CLAIMS = { 'change-claims': CHANGE_CLAIMS, 'adopt-organization': ADOPT } as const;

async function claim(query: Query, kind: keyof typeof CLAIMS, input: object): Promise<ClaimOutcome> {
  const [answer] = await claiming<Claimed>(query, statement(kind, CLAIMS[kind], input));
  if (answer === undefined) throw new Error(`${kind} returned no row`);
  if (!answer.found) return { kind: 'gone' };
  return refusal(answer.conflicts) ?? { kind: 'claimed' };
}
