// Where the operator is found in a cluster. Separate because logs and doctor both look for it.

/** The chart's; another one is said with --operator-namespace. */
export const DEFAULT_OPERATOR_NAMESPACE = 'studio-system';
/** Its Deployment and pods, and nothing else of the chart's. */
export const OPERATOR_SELECTOR = 'app.kubernetes.io/name=studio-operator,app.kubernetes.io/component=operator';
