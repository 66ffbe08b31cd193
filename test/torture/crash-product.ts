import {mkdtemp, rm, writeFile} from "node:fs/promises";
import {tmpdir} from "node:os";
import {join} from "node:path";
import {builtApp} from "../../src/cli/built-app.ts";
import {npmSource} from "../../src/cli/npm-source.ts";
import {serve} from "../../src/publish/server/serve.ts";
import {crashNotebook, crashNotebookText} from "./crash-notebook.ts";
import {type CrashReport, crashRounds} from "./crash-rounds.ts";
import {randomFrom} from "./random-from.ts";

export interface CrashProductOptions {
  rounds: number;
  /** The moments of the kills follow from it. */
  seed: number;
  /** Each round by default. */
  compareEvery?: number;
  onRound?: (report: CrashReport) => void;
}

/** Crash rounds of the built product, in a profile that goes afterwards. */
export async function crashProduct({
  rounds,
  seed,
  compareEvery,
  onRound
}: CrashProductOptions): Promise<CrashReport> {
  const folder = await mkdtemp(join(tmpdir(), "petri-crash-"));
  await writeFile(join(folder, `${crashNotebook}.html`), crashNotebookText);
  const server = await serve({app: await builtApp(), notebooks: folder, npm: npmSource(folder)}, 0);
  try {
    return await crashRounds({
      address: server.address,
      profile: join(folder, ".profile"),
      rounds,
      random: randomFrom(seed),
      compareEvery,
      onRound
    });
  } finally {
    await server.close();
    await rm(folder, {recursive: true, force: true, maxRetries: 5});
  }
}
