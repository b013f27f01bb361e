import { isRuntimeError, runtimeError } from "./errors.js";

/** The life of a loaded model: runs one after the other, abortable waiting, and an end. */
export interface Queue {
  /**
   * Does `work` after all that was asked for before it; a failure does not stop the next.
   *
   * @throws RuntimeError `disposed`, `aborted`, or what `work` throws
   */
  add<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** @throws RuntimeError `disposed` */
  checkAlive(): void;
  /** Frees everything, after the work that is under way; again it does nothing. */
  dispose(): void;
}

/**
 * @param name of the model, for messages
 * @param free called once
 * @param translate makes what else was thrown an error of ours
 */
export function createQueue(name: string, free: () => void, translate: (error: unknown) => Promise<Error>): Queue {
  let disposed = false;
  let freed = false;
  let waiting = 0;
  let tail: Promise<unknown> = Promise.resolve();

  const aborted = ({ reason }: AbortSignal): Error =>
    runtimeError("aborted", name, `a run of ${name} was aborted`, reason);

  const checkAlive = (): void => {
    if (disposed) throw runtimeError("disposed", name, `${name} has been disposed`);
  };

  const end = (): void => {
    if (freed || !disposed || waiting > 0) return;
    freed = true;
    free();
  };

  return {
    checkAlive,
    add(work, signal) {
      waiting++;
      const result = tail
        .then(() => {
          checkAlive();
          if (signal?.aborted) throw aborted(signal);
          return work();
        })
        .catch(async (error) => {
          throw isRuntimeError(error) ? error : await translate(error);
        })
        .finally(() => {
          waiting--;
          end();
        });
      tail = result.catch(() => undefined);
      if (signal === undefined) return result;
      return new Promise((resolve, reject) => {
        const abort = (): void => reject(aborted(signal));
        if (signal.aborted) abort();
        signal.addEventListener("abort", abort);
        void result.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
      });
    },
    dispose() {
      disposed = true;
      end();
    },
  };
}
