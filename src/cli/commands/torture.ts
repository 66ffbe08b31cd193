import type {CrashReport} from "../../../test/torture/crash-rounds.ts";
import {readArguments, UsageError} from "../arguments.ts";

/**
 * `petri torture [--rounds 100] [--seed 1] [--json]`: kills a browser while a run writes, again and again, and tells
 * what was lost. The exit code is 1 when it is anything.
 */
export async function torture(args: string[]): Promise<void> {
  const {values} = readArguments(args, {
    rounds: {type: "string", default: "100"},
    seed: {type: "string", default: "1"},
    json: {type: "boolean", default: false}
  });
  const {crashProduct} = await import("../../../test/torture/crash-product.ts");
  const report = await crashProduct({
    rounds: count("rounds", values.rounds),
    seed: count("seed", values.seed),
    onRound: (soFar) => console.error(line(soFar))
  });
  console.log(values.json ? JSON.stringify(report) : line(report));
  if (report.lost + report.doubled + report.wrong + report.unended > 0) process.exitCode = 1;
}

function count(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new UsageError(`--${name} is a whole number above 0, not "${text}".`);
}

function line(report: CrashReport): string {
  const {rounds, acknowledgedRows, foundRows, lost, doubled, wrong, unended, tornTails} = report;
  return [
    `${rounds} rounds: ${acknowledgedRows} rows acknowledged, ${foundRows} found`,
    `${lost} lost, ${doubled} twice, ${wrong} wrong, ${unended} runs left running, ${tornTails} torn tails cut`
  ].join("; ");
}
