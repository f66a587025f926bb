// How the kinds are written for kubectl, in full, so that no other API group's kind of the same name is meant.
// Separate because reading, rights and advice all name them.
import { POSTGRES_SERVER, type Resource, SCHEMA_RELEASE, STUDIO_TENANT } from '../../api/resources.ts';

const full = ({ plural, group }: Resource): string => `${plural}.${group}`;

export const TENANTS = full(STUDIO_TENANT);
export const SERVERS = full(POSTGRES_SERVER);
export const RELEASES = full(SCHEMA_RELEASE);
