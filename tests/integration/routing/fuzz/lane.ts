// A keep-alive connection as a hostile client holds it: bytes go out, many requests at once, and answers are taken apart by hand.

import { connect, type Socket } from 'node:net';

export interface Answer {
  /** 0: the server ended the connection without an answer. */
  readonly status: number;
  readonly text: string;
}

export class Lane {
  readonly #port: number;
  #socket: Socket | undefined;
  #received = '';
  #wake: () => void = () => undefined;
  connections = 0;

  constructor(port: number) {
    this.#port = port;
  }

  /** All at once; the answers in the same order. A connection that ends before all are answered leaves zeros. */
  async send(requests: readonly Buffer[]): Promise<readonly Answer[]> {
    const socket = this.#open();
    socket.write(Buffer.concat(requests));
    const answers: Answer[] = [];
    while (answers.length < requests.length) {
      const answer = this.#take(socket.readableEnded || socket.destroyed);
      if (answer !== undefined) answers.push(answer);
      else if (socket.readableEnded || socket.destroyed) answers.push({ status: 0, text: '' });
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (answers.some(({ text, status }) => status === 0 || /^connection: close/im.test(text))) this.close();
    return answers;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    if (this.#socket !== undefined && !this.#socket.destroyed && !this.#socket.readableEnded) return this.#socket;
    this.connections += 1;
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    this.#received = '';
    this.#socket = socket;
    const wake = (): void => this.#wake();
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      if (this.#socket !== socket) return;
      this.#received += text;
      wake();
    });
    for (const event of ['end', 'close', 'error']) socket.on(event, wake);
    return socket;
  }

  /** The first whole answer among what came. One without a length goes on to the end of the connection. */
  #take(isEnded: boolean): Answer | undefined {
    const headEnd = this.#received.indexOf('\r\n\r\n');
    if (headEnd === -1) return undefined;
    const head = this.#received.slice(0, headEnd);
    const length = /^content-length: (\d+)/im.exec(head)?.[1];
    if (length === undefined && !isEnded) return undefined;
    const end = length === undefined ? this.#received.length : headEnd + 4 + Number(length);
    if (this.#received.length < end && !isEnded) return undefined;
    const text = this.#received.slice(0, end);
    this.#received = this.#received.slice(end);
    return { status: Number(head.slice(9, 12)), text };
  }
}
