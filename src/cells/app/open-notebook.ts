import {NotebookDocument} from "../../runtime/document.ts";
import {type NotebookFile, openNotebookFile, saveNotebookFile} from "../../runtime/file.ts";
import {
  ConflictError,
  type Draft,
  type EditJournal,
  type NotebookStorage,
  type StoredNotebook
} from "../../runtime/storage/types.ts";

/** saved: the file says what the page says. conflict: the file changed under us and the reader has not chosen yet. */
export type SaveState = "saved" | "unsaved" | "saving" | "conflict";

/** What the history calls the change to a text that was saved elsewhere. */
export const TAKE = "load the file";

interface Origin {
  /** Name in the storage; null for a file opened by its address, which is saved as a copy. */
  name: string | null;
  /** What the journal calls it. */
  key: string;
  stored: StoredNotebook | null;
}

/**
 * One open notebook: its document, the file it came from, and the journal between them. Dispatches "change" when the
 * document or the save state changed.
 */
export class OpenNotebook extends EventTarget {
  readonly document: NotebookDocument;
  readonly #journal: EditJournal;
  #file: NotebookFile;
  #origin: Origin;
  /** The version that the page's text was made from; older than the stored one after an old draft was restored. */
  #base: string | null;
  #state: SaveState = "saved";
  #recording: Promise<void> | null = null;
  #saving: Promise<void> = Promise.resolve();
  #dirty = false;
  /** Set when the browser refused to keep a draft; said once. */
  journalError: Error | null = null;

  constructor(text: string, origin: Origin, journal: EditJournal) {
    super();
    this.#file = openNotebookFile(text, {parser: new DOMParser()});
    this.#origin = origin;
    this.#base = origin.stored?.version ?? null;
    this.#journal = journal;
    if (origin.stored === null) this.#state = "unsaved";
    this.document = new NotebookDocument(this.#file.notebook);
    this.document.addEventListener("change", () => this.#changed());
  }

  get name(): string | null {
    return this.#origin.name;
  }

  get state(): SaveState {
    return this.#state;
  }

  /** Version of the stored text when it was last seen; null when it was never stored. */
  get version(): string | null {
    return this.#origin.stored?.version ?? null;
  }

  /** The file's text with the edits in it. */
  get text(): string {
    return saveNotebookFile(this.#file, this.document.notebook, {document}).text;
  }

  /** Resolves when every edit so far is in the journal. */
  async journalled(): Promise<void> {
    while (this.#recording) await this.#recording;
  }

  /**
   * Writes the notebook. With `over`, over whatever is stored now.
   *
   * @throws ConflictError when another text is stored; the state is then "conflict".
   */
  save(storage: NotebookStorage, options: {over?: ConflictError} = {}): Promise<void> {
    // One after the other: a second write would find the first one's version and take it for somebody else's.
    const saving = this.#saving.then(() => this.#save(storage, options));
    this.#saving = saving.catch(() => {});
    return saving;
  }

  async #save(storage: NotebookStorage, options: {over?: ConflictError}): Promise<void> {
    const {name} = this.#origin;
    if (name === null)
      throw new TypeError("A notebook that was opened by its address needs a name to be saved.");
    const notebook = this.document.notebook;
    const {text} = saveNotebookFile(this.#file, notebook, {document});
    const base = options.over ? (options.over.current?.version ?? null) : this.#base;
    this.#setState("saving");
    try {
      const {version} = await storage.write(name, text, {version: base});
      const {key} = this.#origin;
      this.#file = {text, notebook};
      this.#origin = {name, key: name, stored: {text, version}};
      this.#base = version;
      await this.journalled();
      await this.#journal.clear(key).catch(() => {});
      // What was typed while the file was being written is not in it.
      if (this.document.notebook === notebook) this.#setState("saved");
      else this.#changed();
    } catch (error) {
      this.#setState(error instanceof ConflictError ? "conflict" : "unsaved");
      throw error;
    }
  }

  /** The notebook was renamed in the storage. */
  renamed(name: string): void {
    this.#origin = {...this.#origin, name, key: name};
    this.dispatchEvent(new Event("change"));
  }

  /** Puts the text of a draft in the place of the document's cells, as an edit. */
  restore(draft: Draft): void {
    const {notebook} = openNotebookFile(draft.text, {parser: new DOMParser()});
    // Edits of an older text would overwrite the newer one; undoing them does not make that safe for a redo.
    if (draft.baseVersion !== this.version) {
      this.#base = draft.baseVersion;
      this.#state = "conflict";
    }
    this.document.replaceAll(notebook, "restore unsaved changes");
  }

  /** Forgets what is unsaved here: it is kept elsewhere, or the notebook was deleted. */
  async forget(): Promise<void> {
    await this.journalled();
    await this.#journal.clear(this.#origin.key);
  }

  /** Puts a newer text of the file in the place of the page's, as an edit: undo brings back what was not saved. */
  take(stored: StoredNotebook): void {
    this.#file = openNotebookFile(stored.text, {parser: new DOMParser()});
    this.#origin = {...this.#origin, stored};
    this.#base = stored.version;
    this.#state = "unsaved";
    this.document.replaceAll(this.#file.notebook, TAKE);
  }

  #changed(): void {
    this.#dirty = true;
    this.#setState(this.#state === "conflict" ? "conflict" : "unsaved");
    this.#recording ??= this.#record();
  }

  /** Writes the newest text until there is nothing newer; a text that is stored already is no draft. */
  async #record(): Promise<void> {
    await Promise.resolve();
    while (this.#dirty) {
      this.#dirty = false;
      const {text} = this;
      const {key, stored} = this.#origin;
      try {
        if (text !== stored?.text) await this.#journal.record(key, text, this.#base);
        else {
          this.#setState("saved");
          await this.#journal.clear(key);
        }
      } catch (error) {
        this.journalError ??= error instanceof Error ? error : new Error(String(error));
      }
    }
    this.#recording = null;
  }

  #setState(state: SaveState): void {
    this.#state = state;
    this.dispatchEvent(new Event("change"));
  }
}
