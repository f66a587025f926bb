/**
 * Taking up a row that is already there for a tenant that has come back. Separate from the Organization step because it
 * changes two systems, and must find its way after a crash between them.
 */
import { claimsOf } from '../desired/claims.ts';
import type { Organization } from '../master/organization.ts';
import { adoptOrganization } from '../master/organizations.ts';
import { reopenDatabase, rewriteOwnership } from '../servers/removal.ts';
import { describeRefusal } from './refusals.ts';
import type { TenantWork } from './tenant-work.ts';

/**
 * First the comments of the database and roles, then the row. After a crash in between the comments carry the new uid and
 * the row still the old one: the next attempt knows them again by the recorded oid. After a refusal they are handed back.
 */
export async function adopt(work: TenantWork, organization: Organization): Promise<void> {
  const { identity } = work;
  const claims = claimsOf(work.tenant);
  const sessions = await work.dependencies.servers.get(organization.serverName);
  const { installationId: installation } = work.dependencies;
  const marks = { n: organization.id, oid: organization.databaseOid, installation };
  await rewriteOwnership(sessions, { ...marks, oldUid: organization.uid, newUid: identity.uid });
  await reopenDatabase(sessions, organization.id, identity.uid);
  const outcome = await adoptOrganization(work.queryMaster, organization, identity, claims);
  work.forget('organization');
  work.forget('server');
  if (outcome.kind === 'claimed') {
    work.note('Normal', 'Adopted', `Organization ${organization.id} is back with its data`);
    return;
  }
  if (outcome.kind === 'gone') return;
  await rewriteOwnership(sessions, { ...marks, oldUid: identity.uid, newUid: organization.uid });
  work.refusal = describeRefusal(outcome, claims, work.dependencies.config.baseDomain);
}
