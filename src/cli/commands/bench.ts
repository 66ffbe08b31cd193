import type {Bench, Measurement} from "../../../bench/measurement.ts";
import {readArguments, UsageError} from "../arguments.ts";
import {benchTable} from "../bench-table.ts";

/**
 * `petri bench <subject> [part ...] [--quick] [--json]`: measures against named peers in the same run, all parts of the
 * subject or those that are named. A table for people after each part; with `--json`, one object a line. Parts that fail are
 * told on stderr, and the exit code says so; the others are shown.
 */
export async function bench(args: string[]): Promise<void> {
  const {values, positionals} = readArguments(args, {
    quick: {type: "boolean", default: false},
    json: {type: "boolean", default: false}
  });
  const {subjects} = await import("../../../bench/subjects.ts");
  const [subject, ...wanted] = positionals;
  const load = subjects[subject ?? ""];
  if (!load)
    throw new UsageError(`Name one subject: npm run bench -- <subject>. The subjects: ${list(subjects)}.`);
  const parts = await load();
  const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined)
    throw new UsageError(`${subject} has no part "${unknown}". Its parts: ${list(parts)}.`);
  for (const [name, run] of Object.entries(parts)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const measurements = await measure(name, run, values.quick);
    // At once: who has to break off a long bench keeps what was measured.
    if (values.json) for (const row of measurements) console.log(JSON.stringify(row));
    else if (measurements.length > 0) console.log(`${benchTable(measurements)}\n`);
  }
}

const list = (named: object) => Object.keys(named).join(", ");

async function measure(name: string, run: Bench, quick: boolean): Promise<Measurement[]> {
  console.error(`Measuring ${name} ...`);
  try {
    return await run({quick});
  } catch (error) {
    console.error(`${name} failed:`, error);
    process.exitCode = 1;
    return [];
  }
}
