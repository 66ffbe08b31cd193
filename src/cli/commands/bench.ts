import type {Bench, Measurement} from "../../../bench/measurement.ts";
import {readArguments, UsageError} from "../arguments.ts";
import {benchTable} from "../bench-table.ts";

/**
 * `petri bench <subject> [--quick] [--json]`: measures against named peers in the same run. A table for people; with
 * `--json`, one object a line. Parts that fail are told on stderr, and the exit code says so; the others are shown.
 */
export async function bench(args: string[]): Promise<void> {
  const {values, positionals} = readArguments(args, {
    quick: {type: "boolean", default: false},
    json: {type: "boolean", default: false}
  });
  const {subjects} = await import("../../../bench/subjects.ts");
  const names = Object.keys(subjects);
  const [subject] = positionals;
  const load = subjects[subject ?? ""];
  if (!load || positionals.length > 1)
    throw new UsageError(`Name one subject: npm run bench -- <subject>. The subjects: ${names.join(", ")}.`);
  const measurements: Measurement[] = [];
  for (const [name, run] of Object.entries(await load()))
    measurements.push(...(await measure(name, run, values.quick)));
  if (values.json) for (const row of measurements) console.log(JSON.stringify(row));
  else console.log(benchTable(measurements));
}

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
