/*
 * A TCP connection to the API server that a test can cut or freeze, for one client at a time: everybody else goes on.
 * Separate because the tests of caches and of leader election break it in different ways.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminKubeConfig } from '../../support/kube.ts';

export class CuttableProxy implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();
  readonly #target: URL;
  readonly #server = createServer((socket) => this.#forward(socket));
  #directory = '';
  #state: 'open' | 'cut' | 'frozen' = 'open';

  private constructor(target: URL) {
    this.#target = target;
  }

  static async start(): Promise<CuttableProxy> {
    const config = adminKubeConfig();
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error('the test environment names no cluster');
    const proxy = new CuttableProxy(new URL(cluster.server));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.#server.address() as AddressInfo;
    proxy.#directory = await mkdtemp(join(tmpdir(), 'proxy-'));
    const text = config.exportConfig().replaceAll(cluster.server, `https://127.0.0.1:${port}`);
    await writeFile(proxy.kubeconfigPath, text, { mode: 0o600 });
    return proxy;
  }

  get kubeconfigPath(): string {
    return join(this.#directory, 'kubeconfig');
  }

  /** Connections end with a reset, new ones are refused. */
  cut(): void {
    this.#state = 'cut';
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Connections stay open and nothing passes any more, in either direction. */
  freeze(): void {
    this.#state = 'frozen';
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** New connections pass; frozen ones stay as they are. */
  mend(): void {
    this.#state = 'open';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.#directory, { recursive: true, force: true });
  }

  #forward(socket: Socket): void {
    this.#keep(socket);
    if (this.#state === 'cut') {
      socket.resetAndDestroy();
      return;
    }
    if (this.#state === 'frozen') return;
    const upstream = this.#keep(connect(Number(this.#target.port), this.#target.hostname));
    socket.pipe(upstream).pipe(socket);
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // A reset is what these tests are about; its consequence is seen through the client.
    socket.on('error', () => socket.destroy());
    return socket;
  }
}
