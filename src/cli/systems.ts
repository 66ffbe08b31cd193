import {systems as rows} from "../ops/systems.ts";

/** `petri systems [--json]`: what is implemented, a table for people or one JSON object a line. */
export async function systems(args: string[]): Promise<void> {
  if (args.includes("--json")) {
    for (const row of rows) console.log(JSON.stringify(row));
    return;
  }
  for (const {family, title, export: where, notebook} of rows) {
    console.log(`${family.padEnd(16)}${title}\n${" ".repeat(16)}${where}  ${notebook}`);
  }
}
