import {freeName} from "../../runtime/storage/names.ts";
import type {NotebookEntry} from "../../runtime/storage/types.ts";
import {actionById} from "./actions.ts";
import {askName, confirmDelete, sayDeleted, sayFailure} from "./file-dialogs.ts";
import {saveFile} from "./files.ts";
import type {MenuSection} from "./menu.ts";
import type {AppServices} from "./services.ts";

/** The actions on a notebook that also make sense while it is closed. */
export const ENTRY_ACTIONS: readonly MenuSection[] = [
  {actions: ["rename-notebook", "duplicate-notebook", "export-notebook"].map(actionById)},
  {actions: [actionById("delete-notebook")]}
];

/** Carries them out on one line of the home page. */
export class EntryCommands {
  readonly #services: AppServices;
  readonly #entry: NotebookEntry;
  readonly #changed: () => void;

  constructor(services: AppServices, entry: NotebookEntry, changed: () => void) {
    this.#services = services;
    this.#entry = entry;
    this.#changed = changed;
  }

  async run(action: string): Promise<void> {
    try {
      if (action === "rename-notebook") await this.#rename();
      else if (action === "duplicate-notebook") await this.#duplicate();
      else if (action === "export-notebook") await this.#export();
      else if (action === "delete-notebook") await this.#remove();
    } catch (error) {
      sayFailure(error);
    }
    this.#changed();
  }

  async #rename(): Promise<void> {
    const {name} = this.#entry;
    const to = await askName("Rename notebook", "Rename", name);
    if (to === null || to === name) return;
    const storage = await this.#services.storage;
    const {version} = await storage.read(name);
    await storage.rename(name, to, {version});
    await this.#services.lastRuns.rename(name, to);
    await this.#services.journal.rename(name, to);
  }

  async #duplicate(): Promise<void> {
    const storage = await this.#services.storage;
    const {text} = await storage.read(this.#entry.name);
    const taken = (await storage.list()).map(({name}) => name);
    await storage.write(freeName(this.#entry.name, taken), text, {version: null});
  }

  async #export(): Promise<void> {
    const {name} = this.#entry;
    const {text} = await (await this.#services.storage).read(name);
    saveFile(`${name.split("/").at(-1)}.html`, text, "text/html");
  }

  async #remove(): Promise<void> {
    const {name, title} = this.#entry;
    if (!(await confirmDelete(title))) return;
    const {journal, lastRuns} = this.#services;
    const storage = await this.#services.storage;
    const {text, version} = await storage.read(name);
    await storage.remove(name, {version});
    await lastRuns.remove(name);
    // A new notebook of this name must not begin with what was typed into this one.
    const draft = journal.own(name);
    await journal.clear(name);
    sayDeleted(title, async () => {
      const restored = await storage.write(name, text, {version: null});
      if (draft)
        await journal.record(name, draft.text, draft.baseVersion === version ? restored.version : null);
      this.#changed();
    });
  }
}
