/**
 * The subscription of an organization. The operator owns plan and allowance; billing status, periods and balance
 * belong to the application once the rows are there.
 */
import type { Query } from '../clients/postgres/sql.ts';
import type { Organization, OrganizationRef, WantedSubscription } from './organization.ts';
import { recordOrganization } from './record.ts';

/**
 * Makes subscription and credits account, the balance being the first allowance, or brings plan and allowance to
 * what is wanted. Returns the organization as it is then; undefined when it is gone.
 */
export function upsertSubscription(
  query: Query,
  organization: OrganizationRef,
  subscription: WantedSubscription,
): Promise<Organization | undefined> {
  return recordOrganization(query, organization, { subscription });
}
