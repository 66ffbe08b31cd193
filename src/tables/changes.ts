/** Tells who watches a table that it changed: at once after a quiet time, else when the interval is over. */
export class TableChanges {
  private readonly revisions = new Map<string, number>();
  private readonly watchers = new Map<string, Set<() => void>>();

  private readonly intervalMs: number;

  constructor(intervalMs = 250) {
    this.intervalMs = intervalMs;
  }

  /** Notes a change of the table `name`. */
  bump(name: string): void {
    this.revisions.set(name, this.revision(name) + 1);
    for (const wake of this.watchers.get(name) ?? []) wake();
  }

  revision(name: string): number {
    return this.revisions.get(name) ?? 0;
  }

  /**
   * The revision of a table: now, and after each change, at most once an interval. Changes that come faster are
   * told together; the last one is always told. Ends when the reader returns.
   */
  async *watch(name: string): AsyncGenerator<number, void, void> {
    let wake: () => void = () => {};
    const watcher = () => wake();
    const watchers = this.watchers.get(name) ?? new Set();
    this.watchers.set(name, watchers.add(watcher));
    try {
      while (true) {
        const told = this.revision(name);
        const quiet = new Promise<void>((resolve) => setTimeout(resolve, this.intervalMs));
        yield told;
        if (this.revision(name) === told) await new Promise<void>((resolve) => (wake = resolve));
        await quiet;
      }
    } finally {
      watchers.delete(watcher);
    }
  }
}
