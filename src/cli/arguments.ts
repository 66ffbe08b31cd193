import {type ParseArgsConfig, parseArgs} from "node:util";

/** The command line was wrong: the message alone is shown, and the exit code is 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Reads the options of one command; an unknown one is a UsageError that lists those there are. */
export function readArguments<T extends NonNullable<ParseArgsConfig["options"]>>(args: string[], options: T) {
  try {
    return parseArgs({args, options, allowPositionals: true, strict: true});
  } catch (error) {
    const known = Object.keys(options).map((name) => `--${name}`);
    throw new UsageError(
      `${error instanceof Error ? error.message : error}\nThe options: ${known.join(", ")}.`
    );
  }
}
