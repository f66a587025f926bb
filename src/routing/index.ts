/*
 * Everything that applications use of routing; what is not here may change. Separate because it is the package's door
 * `studio-operator/routing`. Kubernetes and Express have doors of their own.
 */
export type { AnswerState } from './answer-state.ts';
export { escapeHtml } from './answers/page.ts';
export type { Answer, AnswerContext, AnswerTemplate, AnswerTemplates } from './answers/templates.ts';
export { functionCredentials } from './credentials/function.ts';
export { mountedCredentials } from './credentials/mounted.ts';
export type { MountedCredentialsOptions } from './credentials/mounted.ts';
export type { Credentials, CredentialsProvider } from './credentials/provider.ts';
export { currentTenant, tenantLogFields } from './current-tenant.ts';
export { createTenantDirectory } from './directory/create-directory.ts';
export type { DirectoryOptions } from './directory/create-directory.ts';
export type { MasterOptions } from './directory/master-address.ts';
export type { DirectoryHooks, DirectoryStats, Resolution, TenantDirectory } from './directory/directory.ts';
export {
  DirectoryUnavailable,
  NoCurrentTenant,
  Overloaded,
  RoutingError,
  TenantNotServed,
  TenantUnavailable,
  UnknownHost,
  WrongTenant,
} from './errors.ts';
export type { AnswerEvent, ErrorEvent, RequestEvent, ResponseEvent, RoutingHooks } from './hooks.ts';
export type { Next, RoutedRequest, RoutedResponse, WithTenant } from './http-types.ts';
export { tenantMiddleware } from './middleware.ts';
export type { TenantMiddleware, TenantMiddlewareOptions } from './middleware.ts';
export { createTenantPools } from './pools/tenant-pools.ts';
export type { TenantPoolsOptions } from './pools/options.ts';
export type {
  CloseReason,
  LoanOptions,
  PoolEvent,
  PoolEventType,
  PoolsStats,
  QueryResult,
  ServerStats,
  Statement,
  TenantClient,
  TenantPools,
  TransactionOptions,
} from './pools/types.ts';
export type { HostProblem } from './request-host.ts';
export { RequestTenant } from './request-tenant.ts';
export { createTenantRouting, tenantRoutingOver } from './routing.ts';
export type { TenantRouting, TenantRoutingOptions, TenantTarget } from './routing.ts';
export type { CredentialsReference, Tenant, TenantState } from './tenant.ts';
