// The variables of services (NAME_SERVICE_HOST and so on) that a kubelet adds. Separate because they have a naming scheme of their own,
// kept from the days of Docker links.

import type { V1Service, V1ServicePort } from '@kubernetes/client-node';

/** `kubernetes` in namespace default is always there; others of the pod's namespace only with `links`. */
export const serviceVariables = (services: readonly V1Service[], links: boolean): Readonly<Record<string, string>> =>
  Object.assign({}, ...services.filter((service) => (links || isApiServer(service)) && hasAddress(service)).map(variablesOf));

const isApiServer = ({ metadata }: V1Service): boolean => metadata?.namespace === 'default' && metadata.name === 'kubernetes';

const hasAddress = ({ spec }: V1Service): boolean => spec?.clusterIP !== undefined && spec.clusterIP !== '' && spec.clusterIP !== 'None';

const variablesOf = ({ metadata, spec }: V1Service): Readonly<Record<string, string>> => {
  const name = upper(metadata?.name ?? '');
  const host = spec?.clusterIP ?? '';
  const ports = spec?.ports ?? [];
  const [first] = ports;
  if (first === undefined) return {};
  return Object.assign(
    {
      [`${name}_SERVICE_HOST`]: host,
      [`${name}_SERVICE_PORT`]: String(first.port),
      [`${name}_PORT`]: `${protocol(first)}://${host}:${first.port}`,
    },
    ...ports.map((port) => portVariables(name, host, port)),
  );
};

const portVariables = (name: string, host: string, port: V1ServicePort): Readonly<Record<string, string>> => {
  const prefix = `${name}_PORT_${port.port}_${protocol(port).toUpperCase()}`;
  return {
    ...(port.name === undefined ? {} : { [`${name}_SERVICE_PORT_${upper(port.name)}`]: String(port.port) }),
    [prefix]: `${protocol(port)}://${host}:${port.port}`,
    [`${prefix}_PROTO`]: protocol(port),
    [`${prefix}_PORT`]: String(port.port),
    [`${prefix}_ADDR`]: host,
  };
};

const protocol = (port: V1ServicePort): string => (port.protocol ?? 'TCP').toLowerCase();
const upper = (name: string): string => name.toUpperCase().replaceAll('-', '_');
