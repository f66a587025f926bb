/**
 * The commands of every runbook's diagnosis, run as the page has them. Separate from the test that has a platform in trouble to run them
 * on, so that the list is whole at a glance: the page, and the block in it.
 */
import { type DocShell, runDocBlock } from '../../support/doc-commands.ts';

/** By alert; each resolves with what was printed, and rejects when a command fails. */
export const RUNBOOK_COMMANDS: Readonly<Record<string, (shell: DocShell) => Promise<string>>> = {
  StudioAppConnectionsExhausted: async (shell) => await runDocBlock('docs/runbooks/StudioAppConnectionsExhausted.md', 'diagnosis', shell),
  StudioAppErrors: async (shell) => await runDocBlock('docs/runbooks/StudioAppErrors.md', 'diagnosis', shell),
  StudioAppMasterUnreachable: async (shell) => await runDocBlock('docs/runbooks/StudioAppMasterUnreachable.md', 'diagnosis', shell),
  StudioAppNotListening: async (shell) => await runDocBlock('docs/runbooks/StudioAppNotListening.md', 'diagnosis', shell),
  StudioAppSlow: async (shell) => await runDocBlock('docs/runbooks/StudioAppSlow.md', 'diagnosis', shell),
  StudioDriftPersists: async (shell) => await runDocBlock('docs/runbooks/StudioDriftPersists.md', 'diagnosis', shell),
  StudioDriftSweepFailing: async (shell) => await runDocBlock('docs/runbooks/StudioDriftSweepFailing.md', 'diagnosis', shell),
  StudioFleetDegraded: async (shell) => await runDocBlock('docs/runbooks/StudioFleetDegraded.md', 'diagnosis', shell),
  StudioKubernetesApiFailing: async (shell) => await runDocBlock('docs/runbooks/StudioKubernetesApiFailing.md', 'diagnosis', shell),
  StudioMasterDatabaseDown: async (shell) => await runDocBlock('docs/runbooks/StudioMasterDatabaseDown.md', 'diagnosis', shell),
  StudioMigrationsFailed: async (shell) => await runDocBlock('docs/runbooks/StudioMigrationsFailed.md', 'diagnosis', shell),
  StudioMigrationsNotStarting: async (shell) => await runDocBlock('docs/runbooks/StudioMigrationsNotStarting.md', 'diagnosis', shell),
  StudioOperatorDown: async (shell) => await runDocBlock('docs/runbooks/StudioOperatorDown.md', 'diagnosis', shell),
  StudioOperatorRestarting: async (shell) => await runDocBlock('docs/runbooks/StudioOperatorRestarting.md', 'diagnosis', shell),
  StudioOperatorWithoutLeader: async (shell) => await runDocBlock('docs/runbooks/StudioOperatorWithoutLeader.md', 'diagnosis', shell),
  StudioOrganizationWithoutObject: async (shell) =>
    await runDocBlock('docs/runbooks/StudioOrganizationWithoutObject.md', 'diagnosis', shell),
  StudioQueueGrowing: async (shell) => await runDocBlock('docs/runbooks/StudioQueueGrowing.md', 'diagnosis', shell),
  StudioReconcileErrors: async (shell) => await runDocBlock('docs/runbooks/StudioReconcileErrors.md', 'diagnosis', shell),
  StudioRolloutHalted: async (shell) => await runDocBlock('docs/runbooks/StudioRolloutHalted.md', 'diagnosis', shell),
  StudioServerDown: async (shell) => await runDocBlock('docs/runbooks/StudioServerDown.md', 'diagnosis', shell),
  StudioServerNearlyFull: async (shell) => await runDocBlock('docs/runbooks/StudioServerNearlyFull.md', 'diagnosis', shell),
  StudioServerUnusable: async (shell) => await runDocBlock('docs/runbooks/StudioServerUnusable.md', 'diagnosis', shell),
  StudioTenantChangeStuck: async (shell) => await runDocBlock('docs/runbooks/StudioTenantChangeStuck.md', 'diagnosis', shell),
  StudioTenantDeletionStuck: async (shell) => await runDocBlock('docs/runbooks/StudioTenantDeletionStuck.md', 'diagnosis', shell),
  StudioTenantDown: async (shell) => await runDocBlock('docs/runbooks/StudioTenantDown.md', 'diagnosis', shell),
  StudioTenantNeedsAttention: async (shell) => await runDocBlock('docs/runbooks/StudioTenantNeedsAttention.md', 'diagnosis', shell),
  StudioTenantNotProvisioned: async (shell) => await runDocBlock('docs/runbooks/StudioTenantNotProvisioned.md', 'diagnosis', shell),
  StudioTenantsSlowToReady: async (shell) => await runDocBlock('docs/runbooks/StudioTenantsSlowToReady.md', 'diagnosis', shell),
  StudioWatchFailing: async (shell) => await runDocBlock('docs/runbooks/StudioWatchFailing.md', 'diagnosis', shell),
};
