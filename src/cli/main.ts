import {UsageError} from "./arguments.ts";

/** Every command of `petri`, loaded when it is asked for: `start` must not wait for the test runner's imports. */
const commands: Record<string, () => Promise<(args: string[]) => Promise<void>>> = {
  start: async () => (await import("./commands/start.ts")).start,
  dev: async () => (await import("./commands/dev.ts")).dev,
  build: async () => (await import("./commands/build.ts")).build,
  test: async () => (await import("./commands/test.ts")).test,
  check: async () => (await import("./commands/check.ts")).check,
  bench: async () => (await import("./commands/bench.ts")).bench,
  torture: async () => (await import("./commands/torture.ts")).torture,
  systems: async () => (await import("./systems.ts")).systems,
  docs: async () => (await import("./commands/docs.ts")).docs,
  wasm: async () => (await import("./wasm-module.ts")).wasm,
  screenshots: async () => (await import("./commands/screenshots.ts")).screenshots
};

/** Runs `petri <command> [...args]`; sets the exit code, never throws. */
export async function main(argv: string[]): Promise<void> {
  // A reader such as `head` leaves when it has enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  const [name = "start", ...args] = argv;
  const load = commands[name];
  if (!load) {
    console.error(`There is no command "${name}". The commands: ${Object.keys(commands).join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  try {
    const run = await load();
    await run(args);
  } catch (error) {
    console.error(error instanceof UsageError ? error.message : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
