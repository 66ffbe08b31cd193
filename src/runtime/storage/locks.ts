import type {TabLocks} from "./journal.ts";

/** Tab locks by the Web Locks API; where it is missing every other tab counts as gone. */
export function webLocks(locks: LockManager | undefined): TabLocks {
  return {
    hold(name) {
      // Never settles: the browser releases the lock when the page goes away.
      locks?.request(name, () => new Promise(() => {})).catch(() => {});
    },
    async held() {
      const snapshot = await locks?.query();
      return new Set(snapshot?.held?.flatMap((lock) => lock.name ?? []));
    }
  };
}
