/**
 * Real HTTP for tests: Traefik in front of a Studio's tenants, and requests that go through it as a browser's would, by host name and
 * SNI. Separate from studio.ts, because most tests need no Ingress controller.
 */
import https from 'node:https';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';

import type { Entrance } from '../../dev/cluster/entrance.ts';
import { type ApplicationSurroundings, type RunningApplication, startInstalledApplication } from '../../dev/demo/application.ts';
import type { ReservedPort } from '../../dev/free-port.ts';
import { serviceOfThisMachine } from '../../dev/cluster/ingress-controller-objects.ts';
import { localEntrance } from '../../dev/cluster/local-entrance.ts';
import { StartedParts } from '../../dev/cluster/started-parts.ts';
import { type Studio, TENANTS } from './studio.ts';

export const BASE_DOMAIN = 'platform.localhost';
const APPLICATION_TIMEOUT_MS = 60_000;

export interface TestEntrance extends AsyncDisposable {
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Where the application is to listen, once it is released. */
  readonly application: ReservedPort;
  /** Starts the project's own application there, once the operator has migrated the master database. */
  startApplication(): Promise<RunningApplication>;
  /** For the operator: that Ingresses lead here. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Builds Traefik the first time, which takes minutes. */
export async function startEntrance(studio: Studio): Promise<TestEntrance> {
  const parts = new StartedParts();
  return await parts.orStop(async () => {
    const entrance = await localEntrance({ parts, directory: studio.directory, namespaces: [TENANTS] });
    await entrance.open(studio.cluster);
    const { httpPort, httpsPort, application } = entrance as Required<Entrance>;
    await studio.cluster.apply(serviceOfThisMachine('studio-app', TENANTS, application.port));
    return {
      httpPort,
      httpsPort,
      application,
      startApplication: async () => {
        const running = parts.add(await startInstalledApplication(studio.cluster, surroundings(studio, entrance), BASE_DOMAIN));
        await running.ready(APPLICATION_TIMEOUT_MS);
        return running;
      },
      settings: {
        BASE_DOMAIN,
        INGRESS_CLASS: entrance.className ?? '',
        INGRESS_SERVICE_PORT: String(application.port),
        PUBLIC_URL_SCHEME: 'http',
        PUBLIC_URL_PORT: String(httpPort),
      },
      [Symbol.asyncDispose]: async () => await parts.stop(),
    };
  });
}

const surroundings = ({ directory, controlPlane, postgres }: Studio, entrance: Entrance): ApplicationSurroundings => {
  const { host, port, adminUrl, masterUrl, superuserUrl } = postgres;
  const address = { host, port };
  return {
    directory,
    kubeconfigPath: controlPlane.kubeconfigPath,
    entrance,
    image: 'none: it runs as a process',
    postgres: { here: address, inCluster: address, adminUrl, masterUrl, superuserUrl },
  };
};

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** GET by plain HTTP. */
export async function getAt(port: number, host: string, path = '/', headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
  return await answerOf(http.get({ host: '127.0.0.1', port, path, headers: { host, ...headers }, agent: false }));
}

export interface TlsRequest {
  readonly port: number;
  /** SNI, and Host unless that is another one. */
  readonly host: string;
  readonly hostHeader?: string;
  readonly path?: string;
  /** PEM of the only authority that is trusted. */
  readonly ca: string;
}

/** GET by HTTPS; rejects when the certificate is not one for the host, signed by that authority. */
export async function getByTls({ port, host, hostHeader = host, ca, path = '/' }: TlsRequest): Promise<Answer> {
  const headers = { host: hostHeader };
  return await answerOf(https.get({ host: '127.0.0.1', port, path, servername: host, ca, headers, agent: false }));
}

async function answerOf(request: http.ClientRequest): Promise<Answer> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) };
}

/** The fingerprint of whichever certificate a client is shown that asks for this name; '' asks for none. */
export async function shownCertificate(port: number, servername: string): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve);
      socket.once('error', reject);
    });
    return socket.getPeerCertificate().fingerprint256;
  } finally {
    socket.destroy();
  }
}
