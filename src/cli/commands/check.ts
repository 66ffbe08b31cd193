import {readArguments} from "../arguments.ts";
import {runStaticChecks} from "../static-checks.ts";

/** `petri check`: formatter, linter, types, dead exports, import rules and the reference. */
export async function check(args: string[]): Promise<void> {
  readArguments(args, {});
  const {failed} = await runStaticChecks();
  if (failed > 0) process.exitCode = 1;
}
