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
 * First the comments of the database and roles, then the row. After a crash or a refusal in between the comments carry
 * the new uid and the row still the old one: the next attempt knows them again by the recorded oid.
 */
export async function adopt(work: TenantWork, organization: Organization): Promise<void> {
  const { identity } = work;
  const claims = claimsOf(work.tenant);
  const sessions = await work.dependencies.servers.get(organization.serverName);
  await rewriteOwnership(sessions, {
    n: organization.id,
    oid: organization.databaseOid,
    oldUid: organization.uid,
    newUid: identity.uid,
    installation: work.dependencies.installationId,
  });
  await reopenDatabase(sessions, organization.id, identity.uid);
  const outcome = await adoptOrganization(work.queryMaster, organization, identity, claims);
  work.forget('organization');
  work.forget('server');
  if (outcome.kind === 'claimed') work.note('Normal', 'Adopted', `Organization ${organization.id} is back with its data`);
  else if (outcome.kind !== 'gone') work.refusal = describeRefusal(outcome, claims, work.dependencies.config.baseDomain);
}
