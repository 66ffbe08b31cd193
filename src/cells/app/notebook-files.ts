import {html} from "lit";
import {freeName, nameFromTitle} from "../../runtime/storage/names.ts";
import {ConflictError, type StoredNotebook} from "../../runtime/storage/types.ts";
import {ask} from "./dialogs.ts";
import {askName, confirmDelete, sayDeleted, sayFailure} from "./file-dialogs.ts";
import {saveFile} from "./files.ts";
import type {OpenNotebook} from "./open-notebook.ts";
import {notebookHash} from "./router.ts";
import type {AppServices} from "./services.ts";
import {showToast} from "./toasts.ts";

/** What happens to an open notebook's file: saved, renamed, copied, deleted, exported. Asks where there is a choice. */
export class NotebookFiles {
  readonly #services: AppServices;
  readonly #open: OpenNotebook;

  constructor(services: AppServices, open: OpenNotebook) {
    this.#services = services;
    this.#open = open;
  }

  /** Answers whether the file now says what the page says. */
  async save(): Promise<boolean> {
    if (this.#open.name === null) return this.duplicate();
    try {
      await this.#open.save(await this.#services.storage);
      return true;
    } catch (error) {
      if (error instanceof ConflictError) return this.#resolve(error);
      return sayFailure(error);
    }
  }

  async rename(): Promise<void> {
    const {name} = this.#open;
    if (name === null) return void (await this.duplicate());
    const storage = await this.#services.storage;
    const to = await askName("Rename notebook", "Rename", name);
    if (to === null || to === name || (this.#open.state !== "saved" && !(await this.save()))) return;
    try {
      await storage.rename(name, to, {version: this.#open.version ?? ""});
      await this.#services.lastRuns.rename(name, to);
      this.#open.renamed(to);
      await this.#services.journal.rename(name, to);
      history.replaceState(null, "", notebookHash(to));
    } catch (error) {
      sayFailure(error);
    }
  }

  /** Saves the page's text under another name and opens that. */
  async duplicate(): Promise<boolean> {
    const storage = await this.#services.storage;
    const taken = (await storage.list()).map((entry) => entry.name);
    const start = this.#open.name ?? nameFromTitle(this.#open.document.notebook.title);
    const name = await askName("Save a copy", "Save copy", freeName(start, taken));
    if (name === null) return false;
    try {
      await storage.write(name, this.#open.text, {version: null});
      if (this.#open.name === null) await this.#open.forget();
      location.hash = notebookHash(name);
      return true;
    } catch (error) {
      return sayFailure(error);
    }
  }

  async remove(): Promise<void> {
    const {name, text} = this.#open;
    const {title} = this.#open.document.notebook;
    if (name === null) return;
    if (!(await confirmDelete(title))) return;
    try {
      const storage = await this.#services.storage;
      if (this.#open.version !== null) await storage.remove(name, {version: this.#open.version});
      await this.#services.lastRuns.remove(name);
      // The offer below holds the text; a new notebook of this name must not begin with it.
      await this.#open.forget();
      location.hash = "#/";
      sayDeleted(title, async () => {
        await storage.write(name, text, {version: null});
        location.hash = notebookHash(name);
      });
    } catch (error) {
      sayFailure(error);
    }
  }

  /** Loads the text that is stored now into the page, and says how to go back when that hides unsaved edits. */
  async takeStored(): Promise<void> {
    const {name} = this.#open;
    if (name === null) return;
    try {
      this.#take(await (await this.#services.storage).read(name));
    } catch (error) {
      sayFailure(error);
    }
  }

  #take(stored: StoredNotebook): void {
    const {document, state} = this.#open;
    this.#open.take(stored);
    const taken = document.notebook;
    if (state === "saved") return;
    void showToast({
      text: "The file's text is loaded. Undo brings your unsaved edits back.",
      action: {
        label: "Undo",
        // Only this step: what was typed since is not taken back unasked.
        run: () => document.notebook === taken && document.undo()
      },
      durationMs: 12_000
    });
  }

  export(): void {
    const name = this.#open.name ?? nameFromTitle(this.#open.document.notebook.title);
    saveFile(`${name.split("/").at(-1)}.html`, this.#open.text, "text/html");
  }

  async #resolve(conflict: ConflictError): Promise<boolean> {
    const deleted = conflict.current === null;
    const answer = await ask<"keep" | "theirs" | "over">({
      title: deleted ? "The file was deleted" : "The file changed",
      body: deleted
        ? "Someone deleted or renamed this notebook's file after you opened it. Your edits are still here."
        : html`<p>Another program or window saved this notebook after you opened it.</p>
            <p>
              Your edits are kept in this browser until you choose. Taking the other text puts it in their place; undo
              brings them back.
            </p>`,
      choices: [
        {label: "Decide later", value: "keep"},
        ...(deleted
          ? []
          : [{label: "Take the other text", value: "theirs" as const, kind: "danger" as const}]),
        {label: deleted ? "Save again" : "Overwrite with mine", value: "over", kind: "brand"}
      ]
    });
    if (answer?.value === "theirs" && conflict.current) this.#take(conflict.current);
    if (answer?.value !== "over") return false;
    try {
      await this.#open.save(await this.#services.storage, {over: conflict});
      return true;
    } catch (error) {
      return error instanceof ConflictError ? this.#resolve(error) : sayFailure(error);
    }
  }
}
