/*
 * Whether the master database answers. Separate because after one failure nobody else shall wait for the next one: the
 * circuit opens, who asks is told at once, and only a probe goes on trying.
 */
import { DirectoryUnavailable } from '../errors.ts';

export interface CircuitOptions {
  /** Rejects while there is no answer. */
  readonly probe: () => Promise<void>;
  readonly retryEveryMs: number;
  readonly onOpen?: (error: unknown) => void;
  readonly onClose?: () => void;
}

export class Circuit {
  readonly #options: CircuitOptions;
  #failure: { readonly error: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#failure !== undefined;
  }

  /** What to reject with while it is open. */
  unavailable(): DirectoryUnavailable {
    const retryAfterSeconds = Math.ceil(this.#options.retryEveryMs / 1_000);
    return new DirectoryUnavailable('the master database gives no answer', { cause: this.#failure?.error, retryAfterSeconds });
  }

  open(error: unknown): void {
    if (this.#isOver) return;
    const wasOpen = this.isOpen;
    this.#failure = { error };
    if (wasOpen) return;
    this.#probeLater();
    this.#options.onOpen?.(error);
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }

  #probeLater(): void {
    this.#timer = setTimeout(() => {
      this.#options.probe().then(
        () => this.#close(),
        (error: unknown) => {
          this.#failure = { error };
          if (!this.#isOver) this.#probeLater();
        },
      );
    }, this.#options.retryEveryMs);
  }

  #close(): void {
    this.#failure = undefined;
    if (!this.#isOver) this.#options.onClose?.();
  }
}
