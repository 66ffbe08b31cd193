import {SchemaVersionError} from "../migrate.ts";
import {JournalError} from "./errors.ts";

const laterProgram =
  "A later version of Petri wrote these runs, and they are safe. Reload the page to get the latest version; where Petri is installed on your machine, update it and start it again.";
const notRead =
  "Reload the page to read it again. If that does not help, open the workspace and export a Petri archive of what can be read; importing it elsewhere brings the runs back.";

/** Adds what to do (`hint`) to an error that says that the journal cannot be read; other errors stay as they are. */
export function advise(error: unknown): unknown {
  if (!(error instanceof Error) || "hint" in error) return error;
  // From other threads come their names and messages.
  if (error instanceof SchemaVersionError || error.name === "SchemaVersionError")
    return Object.assign(error, {hint: laterProgram});
  return error instanceof JournalError ? Object.assign(error, {hint: notRead}) : error;
}
