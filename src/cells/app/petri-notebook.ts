import "./menu.ts";
import "./petri-cell.ts";
import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import {repeat} from "lit/directives/repeat.js";
import type {DocumentChange} from "../../runtime/document.ts";
import type {Draft} from "../../runtime/storage/types.ts";
import type {Cell, CellStatus} from "../../runtime/types.ts";
import type {CompletionProvider} from "../editor/types.ts";
import {CellDrag} from "./cell-drag.ts";
import {CellEvents} from "./cell-events.ts";
import type {ActionContext} from "./commands.ts";
import {cellsToRun} from "./document-changes.ts";
import {formatAgo} from "./format.ts";
import {notebookBar} from "./notebook-bar.ts";
import {CellCommands, type NotebookView} from "./notebook-commands.ts";
import {NotebookFiles} from "./notebook-files.ts";
import {type LoadedNotebook, loadNotebook, type NotebookSource} from "./notebook-loader.ts";
import {type Notice, noticeLine} from "./notice.ts";
import type {OpenNotebook} from "./open-notebook.ts";
import {Outputs} from "./outputs.ts";
import type {PetriCell} from "./petri-cell.ts";
import {RunLog} from "./run-log.ts";
import type {AppServices, Session} from "./services.ts";

/**
 * An open notebook: one column of cells under a thin bar.
 *
 * @fires petri-opened - the notebook is known, or its title or theme changed
 * @fires petri-status - the state of a cell changed
 */
@customElement("petri-notebook")
export class PetriNotebook extends LitElement implements NotebookView {
  @property({attribute: false}) services!: AppServices;
  @property({attribute: false}) source!: NotebookSource;
  /** The context of the table of actions, with this notebook in it. */
  @property({attribute: false}) context!: () => ActionContext;
  @state() activeId: number | null = null;
  @state() private loaded: LoadedNotebook | null = null;
  @state() private failure: Error | null = null;
  @state() private notices: readonly Notice[] = [];
  session: Session | null = null;
  commands: CellCommands | null = null;
  files!: NotebookFiles;
  #outputs: Outputs | null = null;
  #place: "disk" | "browser" = "disk";
  #stop = new AbortController();
  #runLog: RunLog | null = null;
  /** The last status of each cell, as the session told it: a cell is drawn anew only when its own changed. */
  readonly #statuses = new Map<number, CellStatus>();
  readonly #completions = new Map<number, CompletionProvider>();
  /** Resolves when the session runs, rejects when the notebook cannot be opened. */
  opened: Promise<Session> = new Promise(() => {});

  constructor() {
    super();
    new CellDrag(this, (id, to) => this.open.document.move(id, to));
    new CellEvents(this);
  }

  get open(): OpenNotebook {
    if (!this.loaded) throw new TypeError("No notebook is open yet.");
    return this.loaded.open;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("source") && !this.#isOpen(this.source)) this.#load();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#close();
  }

  protected override render(): TemplateResult {
    const open = this.loaded?.open ?? null;
    return html`${notebookBar({open, context: this.context, place: this.#place, act: this.#act})}
      <main>
        ${this.notices.map(noticeLine)}
        ${this.failure ? html`<div class="page"><h1>Could not open this notebook</h1><p>${this.failure.message}</p><p><a href="#/">All notebooks</a></p></div>` : nothing}
        ${open ? this.#cells(open) : nothing}
      </main>`;
  }

  #cells(open: OpenNotebook): TemplateResult {
    const {cells, readOnly} = open.document.notebook;
    return html`<div class="cells">
      ${repeat(
        cells,
        ({id}) => id,
        (cell, index) => this.#cell(cell, index, readOnly)
      )}
      ${
        cells.length === 0 && !readOnly
          ? html`<div class="empty-notebook">
              <button type="button" class="tool" aria-label="Add cell below" @click=${() => this.#act("add-below")}>Add a cell</button>
            </div>`
          : nothing
      }
    </div>`;
  }

  #cell(cell: Cell, index: number, readOnly: boolean): TemplateResult {
    return html`<petri-cell
      data-id=${cell.id}
      .cell=${cell}
      .position=${index + 1}
      .status=${this.#statuses.get(cell.id)}
      .output=${this.#outputs?.host(cell.id)}
      .active=${this.activeId === cell.id}
      .readOnly=${readOnly}
      .completions=${this.#completionsOf(cell.id)}
      .context=${this.context}
    ></petri-cell>`;
  }

  get statuses(): CellStatus[] {
    return this.session?.cells() ?? [];
  }

  /** One provider for each cell: a new one would draw the cell anew. */
  #completionsOf(id: number): CompletionProvider | null {
    const {session, services} = this;
    if (!session || !services.completions) return null;
    let provider = this.#completions.get(id);
    if (!provider) {
      provider = services.completions(session, id);
      this.#completions.set(id, provider);
    }
    return provider;
  }

  cellElement(id: number): PetriCell | null {
    return this.querySelector<PetriCell>(`petri-cell[data-id="${id}"]`);
  }

  /** What a person calls a cell: its place on the page. */
  cellLabel(id: number): string {
    const index = this.open.document.cells.findIndex((cell) => cell.id === id);
    return index < 0 ? "a deleted cell" : `cell ${index + 1}`;
  }

  stopRuns(): void {
    this.services.engine.stopAll();
  }

  #isOpen(source: NotebookSource): boolean {
    return "name" in source && this.loaded?.open.name === source.name;
  }

  #load(): void {
    this.#close();
    this.#stop = new AbortController();
    this.opened = this.#start(this.#stop.signal);
    this.opened.catch((error: Error) => {
      if (error !== SUPERSEDED) this.failure = error;
    });
  }

  async #start(signal: AbortSignal): Promise<Session> {
    const {services} = this;
    const loaded = await loadNotebook(this.source, services);
    const storage = await services.storage;
    if (signal.aborted) throw SUPERSEDED;
    const {open} = loaded;
    this.#place = storage.kind === "server" ? "disk" : "browser";
    this.files = new NotebookFiles(services, open);
    const outputs = new Outputs((host, id) =>
      services.createOutput(host, {
        source: () => open.document.cells.find((cell) => cell.id === id)?.value ?? "",
        cellLabel: (other) => this.cellLabel(other)
      })
    );
    this.#outputs = outputs;
    this.loaded = loaded;
    this.commands = new CellCommands(this);
    open.addEventListener("change", () => this.requestUpdate(), {signal});
    open.document.addEventListener(
      "change",
      (event) => this.#changed((event as CustomEvent<DocumentChange>).detail),
      {signal}
    );
    this.#offer(loaded.drafts);
    document.addEventListener(
      "visibilitychange",
      () => document.visibilityState === "visible" && void this.#lookForNewer(),
      {signal}
    );
    this.#sayOpened();

    const session = await services.createSession({
      name: open.name ?? loaded.baseUrl,
      baseUrl: loaded.baseUrl,
      notebook: open.document.notebook,
      createOutput: ({id}) => outputs.output(id)
    });
    if (signal.aborted) {
      session.dispose();
      throw SUPERSEDED;
    }
    this.session = session;
    for (const status of session.cells()) this.#statuses.set(status.id, status);
    this.#runLog = new RunLog(services, open, () => open.document.cells.map(({id}) => outputs.host(id)));
    session.addEventListener(
      "status",
      (event) => this.#statusChanged((event as CustomEvent<CellStatus>).detail),
      {signal}
    );
    session.addEventListener("settled", () => void this.#runLog?.settled(session.cells()), {signal});
    this.requestUpdate();
    await this.updateComplete;
    void session.run().then(async () => this.#runLog?.settled(await session.settled()));
    return session;
  }

  #close(): void {
    // A run that is left in the middle counts as the notebook's last.
    if (this.session) void this.#runLog?.settled(this.session.cells());
    this.#stop.abort();
    this.session?.dispose();
    this.session = null;
    this.commands = null;
    this.loaded = null;
    this.failure = null;
    this.notices = [];
    this.activeId = null;
    this.#statuses.clear();
    this.#completions.clear();
  }

  #statusChanged(status: CellStatus): void {
    this.#statuses.set(status.id, status);
    const element = this.cellElement(status.id);
    if (element) element.status = status;
    this.dispatchEvent(new CustomEvent("petri-status", {bubbles: true}));
  }

  #changed({previous, notebook, label}: DocumentChange): void {
    this.session?.update(notebook.cells);
    const ids = cellsToRun(previous, notebook, label);
    if (ids.length) void this.open.journalled().then(() => this.session?.run(ids));
    const {journalError} = this.open;
    if (journalError && !this.notices.some(({kind}) => kind === "error")) {
      const text = `This browser does not keep unsaved edits (${journalError.message}). Save often.`;
      this.notices = [
        ...this.notices,
        {text, kind: "error", choices: [{label: "Save", run: () => this.#act("save")}]}
      ];
    }
    if (previous.title !== notebook.title || previous.theme !== notebook.theme) this.#sayOpened();
    this.requestUpdate();
  }

  #sayOpened(): void {
    this.dispatchEvent(new CustomEvent("petri-opened", {bubbles: true}));
  }

  /** Offers the newest draft; when it was decided on, the next. */
  #offer([draft, ...older]: readonly Draft[]): void {
    if (!draft) return;
    const {open} = this;
    const forget = (): void => {
      // Where the browser keeps nothing, the draft is the only copy that outlives the page.
      if (!open.journalError) void this.services.journal.discard(draft);
      if (this.loaded?.open !== open) return;
      this.notices = this.notices.filter((each) => each !== notice);
      this.#offer(older);
    };
    const notice: Notice = {
      text: `There are unsaved changes from ${formatAgo(draft.at, Date.now())}.`,
      choices: [
        {
          label: "Restore",
          run: () => {
            open.restore(draft);
            void open.journalled().then(forget);
          }
        },
        {label: "Discard", run: forget}
      ]
    };
    this.notices = [...this.notices, notice];
  }

  /** Another program may have written the file while the page was out of sight. */
  async #lookForNewer(): Promise<void> {
    const {open} = this;
    if (open.name === null || this.#place !== "disk" || this.notices.length) return;
    const current = await (await this.services.storage).read(open.name).catch(() => null);
    if (!current || current.version === open.version || open.state === "saving" || this.loaded?.open !== open)
      return;
    const close = (): void => {
      this.notices = this.notices.filter((each) => each !== notice);
    };
    const load = (): void => {
      close();
      void this.files.takeStored();
    };
    const unsaved = open.state === "saved" ? "" : " There are unsaved edits here; undo brings them back.";
    const notice: Notice = {
      text: `The file changed on disk.${unsaved}`,
      choices: [
        {label: "Load it", run: load},
        {label: "Keep this", run: close}
      ]
    };
    this.notices = [notice];
  }

  #act = (action: string): void => {
    this.dispatchEvent(new CustomEvent("petri-action", {detail: {action}, bubbles: true}));
  };
}

/** A notebook that was left before it was open. */
const SUPERSEDED = new Error("Another notebook was opened.");

declare global {
  interface HTMLElementTagNameMap {
    "petri-notebook": PetriNotebook;
  }
}
