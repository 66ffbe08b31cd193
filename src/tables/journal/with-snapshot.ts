import type {TableName} from "../schema.ts";
import type {Snapshot} from "./snapshot.ts";

/** Rows of one table. */
export interface TableStream {
  table: TableName;
  ipc: Uint8Array<ArrayBuffer>;
}

/** Uses what there is now. */
export async function withSnapshot<T>(
  source: {snapshot(): Promise<Snapshot>},
  use: (snapshot: Snapshot) => Promise<T>
): Promise<T> {
  const snapshot = await source.snapshot();
  try {
    return await use(snapshot);
  } finally {
    snapshot.close();
  }
}

/** Reads a snapshot that was asked for before the first row is, and closes it however the reading ends. */
export function readAndClose(
  taken: Promise<Snapshot>,
  tables?: readonly TableName[]
): AsyncGenerator<TableStream> {
  taken.catch(() => {});
  return (async function* () {
    const {readStreams} = await import("./read.ts");
    const snapshot = await taken;
    try {
      yield* readStreams(snapshot, tables);
    } finally {
      snapshot.close();
    }
  })();
}
