/**
 * What each alert is given and what it makes of it: one case at least where it fires and one where it must not. Separate from the
 * test that hands them to promtool, so that the list reads as a list. Time begins at 0 and a value comes every minute: `1x60` is one
 * for an hour, `0+3x60` grows by three each minute.
 */
export interface AlertCase {
  readonly alert: string;
  readonly when: string;
  readonly series: Readonly<Record<string, string>>;
  /** Minutes. */
  readonly at: number;
  /** The labels of what fires, without alertname and severity; empty: it does not fire. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

const UNSETTLED = 'studio_tenant_unsettled_since_timestamp_seconds';
/** Two replicas, as the chart installs them. */
const OPERATORS = { 'studio_build_info{instance="a"}': '1x180', 'studio_build_info{instance="b"}': '1x180' };

function unsettled(labels: Readonly<Record<string, string>>, instance = 'a'): string {
  const all = {
    tenant_namespace: 'studios',
    tenant: 'my-studio',
    server: 'main',
    phase: 'Degraded',
    ready: 'false',
    stalled: 'false',
    step: 'DatabaseReady',
    reason: 'LoginFailed',
    ...labels,
  };
  const text = Object.entries({ instance, ...all }).map(([key, value]) => `${key}="${value}"`);
  return `${UNSETTLED}{${text.join(',')}}`;
}

const whom = { tenant_namespace: 'studios', tenant: 'my-studio', server: 'main', step: 'DatabaseReady', reason: 'LoginFailed' };

const OPERATOR: readonly AlertCase[] = [
  {
    alert: 'StudioOperatorDown',
    when: 'nobody reports for six minutes',
    series: { 'studio_build_info{instance="a"}': '1x10 _x20' },
    at: 22,
    fires: [{}],
  },
  {
    alert: 'StudioOperatorDown',
    when: 'one of two replicas is gone',
    series: { 'studio_build_info{instance="a"}': '1x10 _x20', 'studio_build_info{instance="b"}': '1x60' },
    at: 25,
    fires: [],
  },
  {
    alert: 'StudioOperatorWithoutLeader',
    when: 'both replicas wait',
    series: { ...OPERATORS, 'leader_election_master_status{instance="a"}': '0x60', 'leader_election_master_status{instance="b"}': '0x60' },
    at: 3,
    fires: [{}],
  },
  {
    alert: 'StudioOperatorWithoutLeader',
    when: 'one leads, and another program has no leader',
    series: {
      ...OPERATORS,
      'leader_election_master_status{instance="a"}': '0x60',
      'leader_election_master_status{instance="b"}': '1x60',
      'leader_election_master_status{instance="other"}': '0x60',
    },
    at: 10,
    fires: [],
  },
  {
    alert: 'StudioOperatorWithoutLeader',
    when: "another program's leader is all there is",
    series: {
      ...OPERATORS,
      'leader_election_master_status{instance="a"}': '0x60',
      'leader_election_master_status{instance="other"}': '1x60',
    },
    at: 10,
    fires: [{}],
  },
  {
    alert: 'StudioOperatorRestarting',
    when: 'it starts every five minutes',
    series: { ...OPERATORS, 'process_start_time_seconds{instance="a"}': '1x5 2x5 3x5 4x5 5x5 6x30' },
    at: 40,
    fires: [{ instance: 'a' }],
  },
  {
    alert: 'StudioOperatorRestarting',
    when: 'it was upgraded, and another program restarts',
    series: {
      ...OPERATORS,
      'process_start_time_seconds{instance="a"}': '1x20 2x60',
      'process_start_time_seconds{instance="other"}': '0+1x60',
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioMasterDatabaseDown',
    when: 'the leader gets no answer',
    series: { 'studio_master_up{instance="a"}': '1x5 0x60' },
    at: 9,
    fires: [{}],
  },
  {
    alert: 'StudioMasterDatabaseDown',
    when: 'it was away for a minute, and the standby has never asked',
    series: { 'studio_master_up{instance="a"}': '1x5 0 1x60' },
    at: 9,
    fires: [],
  },
  {
    alert: 'StudioKubernetesApiFailing',
    when: 'one call in five is forbidden',
    series: {
      ...OPERATORS,
      'rest_client_requests_total{instance="a",code="200"}': '0+40x60',
      'rest_client_requests_total{instance="a",code="403"}': '0+10x60',
    },
    at: 40,
    fires: [{}],
  },
  {
    alert: 'StudioKubernetesApiFailing',
    when: "conflicts are many, and another program's calls fail",
    series: {
      ...OPERATORS,
      'rest_client_requests_total{instance="a",code="200"}': '0+40x60',
      'rest_client_requests_total{instance="a",code="409"}': '0+10x60',
      'rest_client_requests_total{instance="other",code="500"}': '0+100x60',
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'twelve errors a minute',
    series: {
      'controller_runtime_reconcile_errors_total{controller="studiotenant"}': '0+12x60',
      studio_master_up: '1x60',
      'studio_server_up{server="main"}': '1x60',
    },
    at: 40,
    fires: [{ controller: 'studiotenant' }],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'a server with tenants is down, which has an alert of its own',
    series: {
      'controller_runtime_reconcile_errors_total{controller="studiotenant"}': '0+12x60',
      studio_master_up: '1x60',
      'studio_server_up{server="main"}': '0x60',
      'studio_tenants_by_server{server="main"}': '7x60',
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'tenants fail on a server that is up, and only an empty one is down',
    series: {
      'controller_runtime_reconcile_errors_total{controller="studiotenant"}': '0+12x60',
      studio_master_up: '1x60',
      'studio_server_up{server="main"}': '1x60',
      'studio_server_up{server="spare"}': '0x60',
      'studio_tenants_by_server{server="main"}': '7x60',
    },
    at: 40,
    fires: [{ controller: 'studiotenant' }],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'one release fails for ever, tried again every seven minutes, also while a server is down',
    series: {
      'controller_runtime_reconcile_errors_total{controller="schemarelease",instance="a"}': '0x10 1x6 2x6 3x6 4x6 5x6 6x6 7x6 8x6',
      'controller_runtime_reconcile_errors_total{controller="schemarelease",instance="b"}': '0x70',
      studio_master_up: '1x70',
      'studio_server_up{server="main"}': '0x70',
      'studio_tenants_by_server{server="main"}': '7x70',
    },
    at: 50,
    fires: [{ controller: 'schemarelease' }],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'one plan and one server failed for a few minutes',
    series: {
      'controller_runtime_reconcile_errors_total{controller="tenantplan"}': '0x10 5 7 8 9x60',
      'controller_runtime_reconcile_errors_total{controller="postgresserver"}': '0x10 5 7 8 9x60',
      studio_master_up: '1x60',
    },
    at: 27,
    fires: [],
  },
  {
    alert: 'StudioReconcileErrors',
    when: 'every server waits for the master database',
    series: {
      'controller_runtime_reconcile_errors_total{controller="postgresserver"}': '0+1x60',
      studio_master_up: '0x60',
    },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioReconcileErrors',
    when: "it is another program's controller",
    series: { 'controller_runtime_reconcile_errors_total{controller="certificate"}': '0+12x60' },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioQueueGrowing',
    when: 'hundreds of changes wait',
    series: { 'workqueue_depth{name="studiotenant",priority="change"}': '300x60' },
    at: 12,
    fires: [{ name: 'studiotenant' }],
  },
  {
    alert: 'StudioQueueGrowing',
    when: 'only unhurried looks wait',
    series: {
      'workqueue_depth{name="studiotenant",priority="change"}': '3x60',
      'workqueue_depth{name="studiotenant",priority="resync"}': '5000x60',
    },
    at: 12,
    fires: [],
  },
  {
    alert: 'StudioWatchFailing',
    when: 'a watch fails every minute',
    series: { ...OPERATORS, 'reflector_failures_total{instance="a",name="jobs",expired="false"}': '0+1x60' },
    at: 30,
    fires: [{ name: 'jobs' }],
  },
  {
    alert: 'StudioWatchFailing',
    when: 'versions expire, which is usual',
    series: { ...OPERATORS, 'reflector_failures_total{instance="a",name="jobs",expired="true"}': '0+1x60' },
    at: 30,
    fires: [],
  },
  {
    alert: 'StudioDriftSweepFailing',
    when: 'each sweep of a server fails',
    series: { studio_master_up: '1x60', 'studio_sweep_failures_total{target="main"}': '0+1x60' },
    at: 30,
    fires: [{ target: 'main' }],
  },
  {
    alert: 'StudioDriftSweepFailing',
    when: 'the master database is down',
    series: { studio_master_up: '0x60', 'studio_sweep_failures_total{target="master"}': '0+1x60' },
    at: 30,
    fires: [],
  },
  {
    alert: 'StudioDriftPersists',
    when: 'each sweep finds something',
    series: { 'studio_sweep_drifted{target="main"}': '2x60', 'studio_sweep_drifted_in_a_row{target="main"}': '1+1x60' },
    at: 35,
    fires: [{ target: 'main' }],
  },
  {
    alert: 'StudioDriftPersists',
    when: 'one sweep found something, and the next is an hour later',
    series: { 'studio_sweep_drifted{target="main"}': '2x60', 'studio_sweep_drifted_in_a_row{target="main"}': '1x60' },
    at: 45,
    fires: [],
  },
  {
    alert: 'StudioDriftPersists',
    when: 'its server is not looked at any more',
    series: { 'studio_sweep_drifted{target="main"}': '2x20 _x60', 'studio_sweep_drifted_in_a_row{target="main"}': '1+1x20 _x60' },
    at: 35,
    fires: [],
  },
  {
    alert: 'StudioDriftPersists',
    when: 'the master database is down, without which nothing is looked at',
    series: {
      'studio_sweep_drifted{target="main"}': '2x60',
      'studio_sweep_drifted_in_a_row{target="main"}': '9x60',
      studio_master_up: '1x5 0x60',
    },
    at: 45,
    fires: [],
  },
  {
    alert: 'StudioDriftPersists',
    when: 'what was found has been repaired',
    series: { 'studio_sweep_drifted{target="main"}': '2x20 0x60', 'studio_sweep_drifted_in_a_row{target="main"}': '1+1x20 0x60' },
    at: 35,
    fires: [],
  },
  {
    alert: 'StudioOrganizationWithoutObject',
    when: 'a finalizer was removed by hand',
    series: { 'studio_organizations_without_object{instance="a"}': '1x60', 'studio_organizations_without_object{instance="b"}': '0x60' },
    at: 20,
    fires: [{}],
  },
  {
    alert: 'StudioOrganizationWithoutObject',
    when: 'there are none',
    series: { 'studio_organizations_without_object{instance="a"}': '0x60' },
    at: 20,
    fires: [],
  },
];

const SERVERS: readonly AlertCase[] = [
  {
    alert: 'StudioServerDown',
    when: 'a server with tenants is not Ready',
    series: {
      'studio_server_up{server="main",instance="a"}': '0x60',
      'studio_server_up{server="main",instance="b"}': '0x60',
      'studio_tenants_by_server{server="main",instance="a"}': '7x60',
      'studio_server_info{server="main",reason="Unreachable"}': '1x60',
    },
    at: 5,
    fires: [{ server: 'main' }],
  },
  {
    alert: 'StudioServerDown',
    when: 'nobody lives on it',
    series: { 'studio_server_up{server="spare"}': '0x60', 'studio_tenants_by_server{server="main"}': '7x60' },
    at: 5,
    fires: [],
  },
  {
    alert: 'StudioServerUnusable',
    when: 'an empty server is not Ready',
    series: { 'studio_server_up{server="spare"}': '0x60', 'studio_tenants_by_server{server="main"}': '7x60' },
    at: 20,
    fires: [{ server: 'spare' }],
  },
  {
    alert: 'StudioServerUnusable',
    when: 'tenants live on it, which is another alert',
    series: { 'studio_server_up{server="main"}': '0x60', 'studio_tenants_by_server{server="main"}': '7x60' },
    at: 20,
    fires: [],
  },
  {
    alert: 'StudioServerNearlyFull',
    when: '95 of 100 places are taken',
    series: {
      'studio_server_databases{server="main"}': '95x60',
      'studio_server_max_databases{server="main"}': '100x60',
      'studio_server_schedulable{server="main"}': '1x60',
    },
    at: 40,
    fires: [{ server: 'main' }],
  },
  {
    alert: 'StudioServerNearlyFull',
    when: 'it takes no new tenants anyway',
    series: {
      'studio_server_databases{server="main"}': '95x60',
      'studio_server_max_databases{server="main"}': '100x60',
      'studio_server_schedulable{server="main"}': '0x60',
    },
    at: 40,
    fires: [],
  },
];

const fleetOf = (count: number): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`studio_tenant_info{tenant_namespace="studios",tenant="t${n}"}`, '1x60']));

const TENANTS: readonly AlertCase[] = [
  {
    alert: 'StudioFleetDegraded',
    when: 'three of thirty are not served',
    series: {
      ...fleetOf(30),
      [unsettled({ tenant: 't1' })]: '0x60',
      [unsettled({ tenant: 't2' })]: '0x60',
      [unsettled({ tenant: 't3' })]: '0x60',
      [unsettled({ tenant: 't3' }, 'b')]: '0x60',
    },
    at: 3,
    fires: [{}],
  },
  {
    alert: 'StudioFleetDegraded',
    when: 'one of ten is not served, and two replicas say so',
    series: { ...fleetOf(10), [unsettled({ tenant: 't1' })]: '0x60', [unsettled({ tenant: 't1' }, 'b')]: '0x60' },
    at: 10,
    fires: [],
  },
  {
    alert: 'StudioTenantDown',
    when: 'a studio is not served and its server is up',
    series: { [unsettled({})]: '0x60', [unsettled({}, 'b')]: '0x60', 'studio_server_up{server="main"}': '1x60' },
    at: 8,
    fires: [whom],
  },
  {
    alert: 'StudioTenantDown',
    when: 'its server is down, which is one alert for all',
    series: { [unsettled({})]: '0x60', 'studio_server_up{server="main"}': '0x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioTenantDown',
    when: 'it is served, and only the newest change failed',
    series: { [unsettled({ ready: 'true', stalled: 'true' })]: '0x60', 'studio_server_up{server="main"}': '1x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioTenantDown',
    when: 'it has been down for two minutes',
    series: { [unsettled({})]: '360x60', 'studio_server_up{server="main"}': '1x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioTenantNeedsAttention',
    when: 'a subdomain is taken',
    series: { [unsettled({ phase: 'Failed', stalled: 'true', reason: 'SubdomainTaken', step: 'Registered', server: '' })]: '0x60' },
    at: 15,
    fires: [{ tenant_namespace: 'studios', tenant: 'my-studio', step: 'Registered', reason: 'SubdomainTaken' }],
  },
  {
    alert: 'StudioTenantNeedsAttention',
    when: 'it is not served, which wakes somebody',
    series: { [unsettled({ stalled: 'true', reason: 'DatabaseLost' })]: '0x60' },
    at: 15,
    fires: [],
  },
  {
    alert: 'StudioTenantNeedsAttention',
    when: 'somebody has paused it',
    series: { [unsettled({ phase: 'Failed', stalled: 'true', reason: 'Paused' })]: '0x60' },
    at: 15,
    fires: [],
  },
  {
    alert: 'StudioTenantNotProvisioned',
    when: 'there is no room',
    series: {
      [unsettled({ phase: 'Pending', reason: 'NoServerWithRoom', step: 'Registered', server: '' })]: '0x60',
      studio_master_up: '1x60',
    },
    at: 20,
    fires: [{ tenant_namespace: 'studios', tenant: 'my-studio', step: 'Registered', reason: 'NoServerWithRoom' }],
  },
  {
    alert: 'StudioTenantNotProvisioned',
    when: 'the master database is down',
    series: {
      [unsettled({ phase: 'Pending', reason: 'MasterUnavailable', step: 'Registered', server: '' })]: '0x60',
      studio_master_up: '0x60',
    },
    at: 20,
    fires: [],
  },
  {
    alert: 'StudioTenantNotProvisioned',
    when: 'it was created five minutes ago',
    series: { [unsettled({ phase: 'Pending' })]: '900x60', studio_master_up: '1x60' },
    at: 20,
    fires: [],
  },
  {
    alert: 'StudioTenantChangeStuck',
    when: 'a change waits for an hour',
    series: { [unsettled({ phase: 'Ready', ready: 'true', reason: 'PlanNotFound', step: 'SubscriptionReady' })]: '0x90' },
    at: 60,
    fires: [{ ...whom, step: 'SubscriptionReady', reason: 'PlanNotFound' }],
  },
  {
    alert: 'StudioTenantChangeStuck',
    when: 'the release is paused',
    series: { [unsettled({ phase: 'Upgrading', ready: 'true', reason: 'ReleasePaused' })]: '0x90' },
    at: 60,
    fires: [],
  },
  {
    alert: 'StudioTenantDeletionStuck',
    when: 'roles are pinned',
    series: { [unsettled({ phase: 'Deleting', reason: 'RolePinned' })]: '0x90' },
    at: 40,
    fires: [{ ...whom, reason: 'RolePinned' }],
  },
  {
    alert: 'StudioTenantDeletionStuck',
    when: 'it was asked for ten minutes ago',
    series: { [unsettled({ phase: 'Deleting', reason: 'MigrationEnding' })]: '1800x90' },
    at: 40,
    fires: [],
  },
  {
    alert: 'StudioTenantsSlowToReady',
    when: 'new studios take minutes',
    series: {
      'studio_tenant_ready_seconds_bucket{le="60"}': '0x200',
      'studio_tenant_ready_seconds_bucket{le="300"}': '0+1x200',
      'studio_tenant_ready_seconds_bucket{le="+Inf"}': '0+1x200',
      studio_tenant_ready_seconds_count: '0+1x200',
    },
    at: 60,
    fires: [{}],
  },
  {
    alert: 'StudioTenantsSlowToReady',
    when: 'one studio took long',
    series: {
      'studio_tenant_ready_seconds_bucket{le="60"}': '0x200',
      'studio_tenant_ready_seconds_bucket{le="300"}': '0x30 1x200',
      'studio_tenant_ready_seconds_bucket{le="+Inf"}': '0x30 1x200',
      studio_tenant_ready_seconds_count: '0x30 1x200',
    },
    at: 60,
    fires: [],
  },
];

const MIGRATIONS: readonly AlertCase[] = [
  {
    alert: 'StudioRolloutHalted',
    when: 'too many failed',
    series: { 'studio_release_halted{release="studio-2"}': '1x60', 'studio_release_halted{release="studio-1"}': '0x60' },
    at: 5,
    fires: [{ release: 'studio-2' }],
  },
  {
    alert: 'StudioRolloutHalted',
    when: 'none is halted',
    series: { 'studio_release_halted{release="studio-1"}': '0x60' },
    at: 5,
    fires: [],
  },
  {
    alert: 'StudioMigrationsFailed',
    when: 'one failed and the others go on',
    series: { 'studio_release_tenants{release="studio-2",state="failed"}': '1x60', 'studio_release_halted{release="studio-2"}': '0x60' },
    at: 8,
    fires: [{ release: 'studio-2' }],
  },
  {
    alert: 'StudioMigrationsFailed',
    when: 'the rollout is halted, which says more',
    series: { 'studio_release_tenants{release="studio-2",state="failed"}': '3x60', 'studio_release_halted{release="studio-2"}': '1x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioMigrationsNotStarting',
    when: 'an image cannot be pulled',
    series: {
      [unsettled({ phase: 'Upgrading', ready: 'true', reason: 'MigrationNotStarting' })]: '0x60',
      [unsettled({ phase: 'Upgrading', ready: 'true', reason: 'MigrationNotStarting' }, 'b')]: '0x60',
    },
    at: 12,
    fires: [{ server: 'main', reason: 'MigrationNotStarting' }],
  },
  {
    alert: 'StudioMigrationsNotStarting',
    when: 'migrations run',
    series: { [unsettled({ phase: 'Upgrading', ready: 'true', reason: 'Migrating' })]: '0x60' },
    at: 12,
    fires: [],
  },
];

const APPLICATION: readonly AlertCase[] = [
  {
    alert: 'StudioAppErrors',
    when: 'one request in ten fails',
    series: {
      'studio_app_requests_total{class="2xx",answer="application"}': '0+90x60',
      'studio_app_requests_total{class="5xx",answer="unavailable"}': '0+10x60',
    },
    at: 15,
    fires: [{}],
  },
  {
    alert: 'StudioAppErrors',
    when: 'many ask for a studio that is still being set up',
    series: {
      'studio_app_requests_total{class="2xx",answer="application"}': '0+90x60',
      'studio_app_requests_total{class="5xx",answer="provisioning"}': '0+90x60',
    },
    at: 15,
    fires: [],
  },
  {
    alert: 'StudioAppSlow',
    when: 'one in ten takes five seconds',
    series: {
      'studio_app_request_seconds_bucket{le="1"}': '0+90x60',
      'studio_app_request_seconds_bucket{le="5"}': '0+100x60',
      'studio_app_request_seconds_bucket{le="+Inf"}': '0+100x60',
    },
    at: 20,
    fires: [{}],
  },
  {
    alert: 'StudioAppSlow',
    when: 'one in a hundred does',
    series: {
      'studio_app_request_seconds_bucket{le="1"}': '0+99x60',
      'studio_app_request_seconds_bucket{le="5"}': '0+100x60',
      'studio_app_request_seconds_bucket{le="+Inf"}': '0+100x60',
    },
    at: 20,
    fires: [],
  },
  {
    alert: 'StudioAppMasterUnreachable',
    when: 'one replica gets no answer',
    series: { 'studio_app_directory_master_up{instance="a"}': '0x60', 'studio_app_directory_master_up{instance="b"}': '1x60' },
    at: 8,
    fires: [{ instance: 'a' }],
  },
  {
    alert: 'StudioAppMasterUnreachable',
    when: 'it was away for two minutes',
    series: { 'studio_app_directory_master_up{instance="a"}': '1x3 0x1 1x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioAppNotListening',
    when: 'one replica does not hear',
    series: { 'studio_app_directory_listening{instance="a"}': '0x60' },
    at: 8,
    fires: [{ instance: 'a' }],
  },
  {
    alert: 'StudioAppNotListening',
    when: 'all hear',
    series: { 'studio_app_directory_listening{instance="a"}': '1x60' },
    at: 8,
    fires: [],
  },
  {
    alert: 'StudioAppConnectionsExhausted',
    when: 'requests are turned away',
    series: { 'studio_app_pool_events_total{instance="a",event="overloaded"}': '0+5x60' },
    at: 12,
    fires: [{ instance: 'a' }],
  },
  {
    alert: 'StudioAppConnectionsExhausted',
    when: 'requests wait, and get their turn',
    series: { 'studio_app_pool_events_total{instance="a",event="waited"}': '0+50x60' },
    at: 12,
    fires: [],
  },
];

export const ALERT_CASES: readonly AlertCase[] = [...OPERATOR, ...SERVERS, ...TENANTS, ...MIGRATIONS, ...APPLICATION];
