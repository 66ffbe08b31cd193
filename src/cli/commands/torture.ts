import type {JournalCrashReport} from "../../../test/torture/crash-journal.ts";
import type {CrashReport} from "../../../test/torture/crash-rounds.ts";
import {readArguments, UsageError} from "../arguments.ts";

/**
 * `petri torture [--rounds 100] [--seed 1] [--json]`: kills a browser again and again, first while a run writes in the
 * built product, then while a journal appends, deletes and compacts, and tells what was lost. The exit code is 1 when it
 * is anything. With `--json`, one object a line.
 */
export async function torture(args: string[]): Promise<void> {
  const {values} = readArguments(args, {
    rounds: {type: "string", default: "100"},
    seed: {type: "string", default: "1"},
    json: {type: "boolean", default: false}
  });
  const [{crashProduct}, {crashJournal}] = await Promise.all([
    import("../../../test/torture/crash-product.ts"),
    import("../../../test/torture/crash-journal.ts")
  ]);
  const rounds = count("rounds", values.rounds);
  const seed = count("seed", values.seed);
  const onRound = (report: CrashReport | JournalCrashReport) => console.error(sentence(report));
  const subjects = {
    "the product": () => crashProduct({rounds, seed, onRound}),
    "a journal": () => crashJournal({rounds, seed, onRound})
  };
  for (const [subject, run] of Object.entries(subjects)) {
    console.error(`Killing a browser with ${subject} ...`);
    const report = await run();
    console.log(values.json ? JSON.stringify({subject, ...report}) : `${subject}: ${sentence(report)}`);
    if (faultsOf(report) > 0) process.exitCode = 1;
  }
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--${name} is a whole number above 0, not "${text}".`);
}

const faults = {
  lost: "lost",
  doubled: "twice",
  wrong: "wrong",
  unended: "runs left running",
  lostBlobs: "artifacts lost",
  undeleted: "deleted runs back"
} as const;

type Faults = Partial<Record<keyof typeof faults, number>>;

const faultsOf = (report: Faults) =>
  (Object.keys(faults) as (keyof Faults)[]).reduce((sum, name) => sum + (report[name] ?? 0), 0);

function sentence(report: (CrashReport | JournalCrashReport) & {whileCompacting?: number}): string {
  const {rounds, acknowledgedRows, foundRows, tornTails, tornLists, whileCompacting} = report;
  const found = Object.entries(faults).flatMap(([name, words]) => {
    const n = (report as Faults)[name as keyof Faults];
    return n === undefined ? [] : `${n} ${words}`;
  });
  const during = whileCompacting === undefined ? [] : [`${whileCompacting} kills during a compaction`];
  return [
    `${rounds} rounds, ${acknowledgedRows} rows acknowledged, ${foundRows} found`,
    ...found,
    ...during,
    `${tornTails} torn tails cut`,
    `${tornLists} torn lists of files`
  ].join(", ");
}
