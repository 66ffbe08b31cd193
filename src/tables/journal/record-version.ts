import {checkVersion} from "../migrate.ts";
import {schemaVersion} from "../schema.ts";
import {ipcMessages} from "./ipc-stream.ts";

/** @throws SchemaVersionError when a later version of the program wrote the rows. */
export function checkRecord(ipc: Uint8Array): void {
  for (const message of ipcMessages(ipc)) {
    if (message.kind !== "schema") continue;
    checkVersion(Number(message.metadata.get("schema_version") ?? schemaVersion));
    return;
  }
}
