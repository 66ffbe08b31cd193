import type {LastRun, PetriDatabase} from "./database.ts";

/** What the home page knows of the last time each notebook ran in this browser. */
export class LastRuns {
  readonly #database: Promise<PetriDatabase>;

  constructor(database: Promise<PetriDatabase>) {
    this.#database = database;
  }

  async all(): Promise<Map<string, LastRun>> {
    const runs = await (await this.#database).getAll("lastRuns");
    return new Map(runs.map((run) => [run.name, run]));
  }

  async put(run: LastRun): Promise<void> {
    await (await this.#database).put("lastRuns", run);
  }

  async remove(name: string): Promise<void> {
    await (await this.#database).delete("lastRuns", name);
  }

  async rename(name: string, to: string): Promise<void> {
    const run = await (await this.#database).get("lastRuns", name);
    if (!run) return;
    await this.put({...run, name: to});
    await this.remove(name);
  }
}
