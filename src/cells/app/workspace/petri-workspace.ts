import "../../styles/workspace.css";
import {html, LitElement, nothing, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import type {ImportReport} from "../../../tables/import-types.ts";
import {confirmDanger} from "../dialogs.ts";
import {chooseFiles, chooseFolder, saveBlob} from "../files.ts";
import {droppedFiles, type GivenFiles, importable, nothingIn} from "../folders.ts";
import {formatBytes} from "../format.ts";
import {icon} from "../icons.ts";
import {askObjective} from "./ask-objective.ts";
import {type RunSelection, runList} from "./run-list.ts";
import {spaceView} from "./space.ts";
import {type ExportKind, exportKinds, type Workspace, type WorkspaceRun} from "./types.ts";
import {count, exportWords, importWords, isNotebook, reportWords, runsBefore, sizeOfRuns} from "./words.ts";

const dayMs = 86_400_000;

/** Runs that are listed at first, and as many more each time. */
const pageRuns = 50;

/** Between two looks at how far something is. */
const tellMs = 100;

/** What takes long: it says how far it is, and people can end it. */
interface LongTask {
  signal: AbortSignal;
  /** Shown beside what is being done. */
  tell(progress: string): void;
}

/**
 * The store of runs: how much room they take, which they are, and the way in and out for them.
 *
 * @fires petri-notebooks - `CustomEvent<{files: File[]}>` with notebooks among the files that were given to import
 */
@customElement("petri-workspace")
export class PetriWorkspace extends LitElement {
  @property({attribute: false}) workspace!: Workspace;
  /** The clock behind "2 days ago". */
  @property({attribute: false}) now: () => number = Date.now;
  /** While runs go, the list follows them after so many milliseconds. */
  @property({type: Number}) restMs = 2000;
  @state() private runs: readonly WorkspaceRun[] | null = null;
  @state() private selected: ReadonlySet<string> = new Set();
  @state() private shown = pageRuns;
  @state() private days = 30;
  /** What is being done, for people; null when nothing is. */
  @state() private busy: string | null = null;
  /** How far that is, for people. */
  @state() private progress = "";
  /** Ends what is being done; null where that cannot be. */
  @state() private cancel: (() => void) | null = null;
  @state() private report: {text: string; notes: readonly string[]; failed?: boolean} | null = null;
  #unsubscribe: (() => void)[] = [];
  #isFollowing = false;
  #isBehind = false;
  #queue: Promise<void> = Promise.resolve();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.addEventListener("dragover", this.#dragged);
    this.addEventListener("dragleave", this.#left);
    this.addEventListener("drop", this.#dropped);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#unsubscribe.splice(0)) stop();
  }

  protected override firstUpdated(): void {
    this.#unsubscribe = [
      this.workspace.subscribe(() => this.requestUpdate()),
      this.workspace.onRuns(() => void this.#follow())
    ];
    void this.#do("Opening the store", async () => {
      await this.workspace.open();
      await this.#load();
    });
  }

  protected override render(): TemplateResult {
    const {status} = this.workspace;
    return html`${status ? spaceView(status, () => void this.#persist()) : nothing}
      <div class="ws-actions">
        <button type="button" class="tool ws-button" ?disabled=${this.busy !== null} @click=${this.#choose}>${icon("upload")}Import…</button>
        <button type="button" class="tool ws-button" title="A folder with TensorBoard's event files, databases or tables" ?disabled=${this.busy !== null} @click=${this.#chooseFolder}>Import folder…</button>
        <label class="ws-export">${icon("download")}<span class="visually-hidden">Export</span>
          <select aria-label="Export" ?disabled=${this.busy !== null || !this.runs?.length} @change=${this.#export}>
            <option value="" selected>Export…</option>
            ${exportKinds.map(({format, title, about}) => html`<option value=${format}>${title}: ${about}</option>`)}
          </select>
        </label>
        <span class="spacer"></span>
        <button type="button" class="tool ws-button" title="Rewrites the files without what was deleted" ?disabled=${this.busy !== null} @click=${this.#compact}>Compact</button>
      </div>
      <p class="ws-hint">Import takes Petri archives, MLflow, Trackio and Optuna databases, TensorBoard event files, CSV, Arrow and Parquet. Files and folders can be dropped here.</p>
      <div class="ws-news" role="status">${this.#news()}</div>
      ${this.runs ? this.#list(this.runs) : nothing}`;
  }

  #news(): TemplateResult | typeof nothing {
    if (this.busy !== null)
      return html`<p class="ws-busy">
        <span class="pulse"></span>${this.busy}…
        <span class="ws-progress" aria-live="off">${this.progress}</span>
        ${this.cancel ? html`<button type="button" class="tool ws-button" @click=${this.cancel}>Cancel</button>` : nothing}
      </p>`;
    if (!this.report) return nothing;
    const {text, notes, failed} = this.report;
    return html`<div class=${failed ? "notice error" : "notice done"}>
      <span>${text}${notes.length > 0 ? html`<ul class="ws-notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>` : nothing}</span>
    </div>`;
  }

  #list(runs: readonly WorkspaceRun[]): TemplateResult {
    if (runs.length === 0)
      return html`<p class="ws-hint">No runs yet. Every call of <code>train()</code> is kept here.</p>`;
    const selection: RunSelection = {
      has: (id) => this.selected.has(id),
      toggle: (ids, isOn) => {
        const selected = new Set(this.selected);
        for (const id of ids) {
          if (isOn) selected.add(id);
          else selected.delete(id);
        }
        this.selected = selected;
      }
    };
    const chosen = runs.filter(({runId}) => this.selected.has(runId));
    return html`<div class="ws-clean">
        ${
          chosen.length > 0
            ? html`<button type="button" class="tool ws-button danger" @click=${() => void this.#remove(chosen)}>${icon("trash")}Delete ${count(chosen.length, "run")} (${formatBytes(sizeOfRuns(chosen))})</button>
              <button type="button" class="tool ws-button" @click=${() => (this.selected = new Set())}>Clear selection</button>`
            : html`<span>${count(runs.length, "run")}</span><span class="spacer"></span>${this.#older(runs)}`
        }
      </div>
      ${runList(runs.slice(0, this.shown), selection, this.now())}
      ${
        runs.length > this.shown
          ? html`<button type="button" class="text-button ws-more" @click=${() => (this.shown += pageRuns)}>Show more: ${count(runs.length - this.shown, "run")} of ${formatBytes(sizeOfRuns(runs.slice(this.shown)))}</button>`
          : nothing
      }`;
  }

  #older(runs: readonly WorkspaceRun[]): TemplateResult {
    const old = runsBefore(runs, this.now() - this.days * dayMs);
    return html`<label class="ws-days">Older than
        <input type="number" min="0" max="3650" .value=${String(this.days)} @input=${(event: Event) => {
          const days = (event.target as HTMLInputElement).valueAsNumber;
          if (days >= 0) this.days = days;
        }} />
        days:</label>
      ${
        old.length === 0
          ? html`<span>none</span>`
          : html`<button type="button" class="tool ws-button danger" ?disabled=${this.busy !== null} @click=${() => void this.#remove(old)}>${icon("trash")}Delete ${count(old.length, "run")} (${formatBytes(sizeOfRuns(old))})</button>`
      }`;
  }

  async #load(): Promise<void> {
    this.runs = await this.workspace.usage();
  }

  /** Runs have changed: lists them again, after a rest, and as long as they go on changing. */
  async #follow(): Promise<void> {
    this.#isBehind = true;
    if (this.#isFollowing) return;
    this.#isFollowing = true;
    let restMs = this.restMs;
    while (this.#isBehind) {
      await new Promise((resolve) => setTimeout(resolve, restMs));
      this.#isBehind = false;
      if (!this.isConnected) break;
      // Nothing is listed before the store is open.
      if (!this.runs) continue;
      const startedAt = performance.now();
      // What cannot be read now is said by whatever is asked for next.
      const runs = await this.workspace.usage().catch(() => this.runs);
      await this.#keepingFocus(() => (this.runs = runs));
      restMs = Math.max(this.restMs, 10 * (performance.now() - startedAt));
    }
    this.#isFollowing = false;
  }

  /** A row that has the focus and moves would lose it. */
  async #keepingFocus(change: () => void): Promise<void> {
    const focused = this.querySelector<HTMLElement>(":focus");
    change();
    await this.updateComplete;
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({preventScroll: true});
  }

  async #remove(runs: readonly WorkspaceRun[]): Promise<void> {
    const what = runs.length === 1 ? `the run “${runs[0].name}”` : count(runs.length, "run");
    const body = `Rows, checkpoints and what the cache answers from it go with ${runs.length === 1 ? "it" : "them"}. This cannot be undone.`;
    if (!(await confirmDanger(`Delete ${what}?`, body, "Delete"))) return;
    await this.#do(`Deleting ${what}`, async () => {
      const {runs: removed, sizeBytes} = await this.workspace.remove(runs.map(({runId}) => runId));
      this.selected = new Set();
      this.report = {text: `Deleted ${count(removed, "run")}: ${formatBytes(sizeBytes)}.`, notes: []};
      await this.#load();
    });
  }

  async #persist(): Promise<void> {
    await this.#do("Asking the browser", async () => {
      const agreed = await this.workspace.persist();
      const text = agreed
        ? "The browser will keep the runs until you delete them."
        : "The browser did not agree: it may clear the runs when space runs short. Browsers agree more readily for pages that are bookmarked, installed or visited often.";
      this.report = {text, notes: []};
    });
  }

  readonly #compact = (): void => {
    void this.#do("Compacting", async () => {
      const before = this.workspace.status?.sizeBytes ?? 0;
      await this.workspace.compact();
      const freed = before - (this.workspace.status?.sizeBytes ?? 0);
      const text =
        freed > 0 ? `Compacted: ${formatBytes(freed)} less.` : "Compacted: there was nothing to gain.";
      this.report = {text, notes: []};
    });
  };

  readonly #choose = (): void => {
    void chooseFiles("").then((files) => this.take(files));
  };

  readonly #chooseFolder = (): void => {
    void chooseFolder().then((all) => {
      if (all.length === 0) return;
      this.#give({files: importable(all), folders: [all[0].webkitRelativePath.split("/")[0]]});
    });
  };

  #give({files, folders}: GivenFiles): void {
    if (files.length > 0) void this.take(files);
    else if (folders.length > 0) this.report = {text: nothingIn(folders), notes: [], failed: true};
  }

  readonly #export = (event: Event): void => {
    const select = event.target as HTMLSelectElement;
    const format = select.value as ExportKind;
    select.value = "";
    void this.#long("Exporting", "The export was cancelled.", async ({signal, tell}) => {
      const metrics = format === "optuna" ? await this.workspace.objectives() : [];
      const objective = metrics.length > 0 ? await askObjective(metrics) : undefined;
      if (objective === null) return;
      const file = await this.workspace.export(format, {
        objective,
        signal,
        onProgress: (progress) => tell(exportWords(progress))
      });
      saveBlob(file.name, file);
      this.report = {text: `Exported ${file.name}, ${formatBytes(file.size)}.`, notes: []};
    });
  };

  /** Imports files into the store; notebooks among them are the page's. */
  async take(files: readonly File[]): Promise<void> {
    const notebooks = files.filter(isNotebook);
    if (notebooks.length > 0)
      this.dispatchEvent(new CustomEvent("petri-notebooks", {detail: {files: notebooks}, bubbles: true}));
    const rest = files.filter((file) => !isNotebook(file));
    if (rest.length === 0) return;
    // After the opening, whose beginning takes down the last report.
    await this.updateComplete;
    await this.#long(
      rest.length === 1 ? `Importing ${rest[0].name}` : `Importing ${count(rest.length, "file")}`,
      "The import was cancelled; nothing of it was kept.",
      async ({signal, tell}) => {
        const report: ImportReport = await this.workspace.import(rest, {
          signal,
          onProgress: (progress) => tell(importWords(progress))
        });
        this.report = {text: reportWords(report), notes: report.notes};
        await this.#load();
      }
    );
  }

  /** One thing after another, and what went wrong is said. */
  #do(what: string, work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(async () => {
      this.busy = what;
      this.report = null;
      try {
        await work();
      } catch (error) {
        this.report = {text: error instanceof Error ? error.message : String(error), notes: [], failed: true};
      }
      this.busy = null;
    });
    return this.#queue;
  }

  /** The same for what takes long. `cancelled` is said when it was. */
  #long(what: string, cancelled: string, work: (task: LongTask) => Promise<void>): Promise<void> {
    return this.#do(what, async () => {
      const controller = new AbortController();
      const {signal} = controller;
      let toldAt = Number.NEGATIVE_INFINITY;
      const tell = (progress: string) => {
        if (performance.now() - toldAt < tellMs) return;
        toldAt = performance.now();
        this.progress = progress;
      };
      this.cancel = () => controller.abort();
      try {
        await work({signal, tell});
      } catch (error) {
        if (!signal.aborted) throw error;
        this.report = {text: cancelled, notes: []};
      } finally {
        this.cancel = null;
        this.progress = "";
      }
    });
  }

  readonly #dragged = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    this.classList.add("dropping");
  };

  readonly #left = (): void => this.classList.remove("dropping");

  readonly #dropped = (event: DragEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    this.#left();
    const reading = droppedFiles(event.dataTransfer);
    void this.#do("Looking for files", async () => this.#give(await reading));
  };
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-workspace": PetriWorkspace;
  }
}
