/** Runs one asynchronous piece of work at a time, in the order asked. */
export class Turn {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` after everything asked for before; settles as it does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
