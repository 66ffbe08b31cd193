import type * as Arrow from "apache-arrow";

/** The one copy of Apache Arrow, loaded when it is first needed. */
export function loadArrow(): Promise<typeof Arrow> {
  return import("apache-arrow");
}

/** A table as an Arrow IPC file: an Arrow table as it is, rows of objects with the types they show. */
export async function toArrowIPC(table: Iterable<unknown>): Promise<Uint8Array> {
  const [{Table, tableToIPC}, {fromObjects}, {withTimestamps}] = await Promise.all([
    loadArrow(),
    import("./from-objects.ts"),
    import("./timestamps.ts")
  ]);
  return tableToIPC(table instanceof Table ? withTimestamps(table) : fromObjects(table), "file");
}
