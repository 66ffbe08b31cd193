import "./menu.ts";
import {html, LitElement, nothing, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import {repeat} from "lit/directives/repeat.js";
import type {LastRun} from "../../runtime/storage/database.ts";
import type {NotebookEntry} from "../../runtime/storage/types.ts";
import {actionById} from "./actions.ts";
import {ENTRY_ACTIONS, EntryCommands} from "./entry-commands.ts";
import {formatAgo, formatDuration} from "./format.ts";
import {icon} from "./icons.ts";
import {listed} from "./listed.ts";
import {type Notice, noticeLine} from "./notice.ts";
import {notebookHash} from "./router.ts";
import type {AppServices} from "./services.ts";

/**
 * The home page: what Petri is in a sentence, and the notebooks.
 *
 * @fires petri-action - `CustomEvent<{action: string}>`
 */
@customElement("petri-home")
export class PetriHome extends LitElement {
  @property({attribute: false}) services!: AppServices;
  @state() private entries: readonly NotebookEntry[] | null = null;
  @state() private lastRuns: ReadonlyMap<string, LastRun> = new Map();
  @state() private notice: Notice | null = null;
  #kind: "server" | "browser" = "server";

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Not on connection: the element may be upgraded on the page, before it is given its services. */
  protected override firstUpdated(): void {
    void this.load();
  }

  /** Reads the list again. */
  async load(): Promise<void> {
    try {
      const storage = await this.services.storage;
      this.#kind = storage.kind;
      this.entries = await storage.list();
      this.notice = null;
      this.lastRuns = await this.services.lastRuns.all().catch(() => new Map());
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.notice = {text, kind: "error", choices: [{label: "Try again", run: () => void this.load()}]};
    }
  }

  protected override render(): TemplateResult {
    return html`<header class="home-head">
        <h1>Petri</h1>
        <p class="home-lede">A research notebook for neural networks: move a parameter, and everything that depends on it computes again, on your own machine.</p>
        <div class="home-actions">
          <button type="button" class="tool home-new" @click=${() => this.#act("new-notebook")}>${icon("plus")}New notebook</button>
          <button type="button" class="tool" @click=${() => this.#act("import-file")}>${icon("upload")}Import file</button>
          ${
            this.services.workspace
              ? html`<button type="button" class="tool" title="Runs, the space they take, import and export" @click=${() => this.#act("workspace")}>${icon("database")}Workspace</button>`
              : nothing
          }
          <span class="spacer"></span>
          <button type="button" class="tool" aria-label=${actionById("scheme").title} title=${actionById("scheme").title} @click=${() => this.#act("scheme")}>${icon("contrast")}</button>
          <button type="button" class="tool" aria-label="Keyboard help" title="Keyboard help" @click=${() => this.#act("keys")}>${icon("keyboard")}</button>
        </div>
      </header>
      ${this.notice ? noticeLine(this.notice) : nothing} ${this.entries ? this.#list(this.entries) : nothing}`;
  }

  #list(entries: readonly NotebookEntry[]): TemplateResult {
    if (entries.length === 0)
      return html`<p class="home-note">No notebooks yet. Press <kbd>N</kbd> for the first one, or drop a file here.</p>`;
    return html`<ul class="home-list" aria-label="Notebooks">
        ${repeat(
          listed(entries),
          ({name}) => name,
          (entry) => this.#entry(entry)
        )}
      </ul>
      ${this.#kind === "browser" ? html`<p class="home-note">Notebooks you change here are kept in this browser.</p>` : nothing}`;
  }

  #entry(entry: NotebookEntry): TemplateResult {
    const run = this.lastRuns.get(entry.name);
    const commands = new EntryCommands(this.services, entry, () => void this.load());
    return html`<li class="home-entry">
      <a class="entry-title" href=${notebookHash(entry.name)}>${entry.title}</a>
      ${entry.summary ? html`<p class="entry-summary">${entry.summary}</p>` : nothing}
      <div class="entry-meta">${this.#meta(entry, run)}</div>
      ${run?.picture ? html`<img class="entry-picture" src=${run.picture} alt="" />` : nothing}
      <div class="entry-menu" @petri-action=${(event: CustomEvent<{action: string}>) => {
        event.stopPropagation();
        void commands.run(event.detail.action);
      }}>
        <petri-menu label=${`Actions for ${entry.title}`} .sections=${ENTRY_ACTIONS}></petri-menu>
      </div>
    </li>`;
  }

  #meta(entry: NotebookEntry, run: LastRun | undefined): TemplateResult {
    const dot = html`<span class="dot">·</span>`;
    const now = Date.now();
    if (!run)
      return html`${entry.name}${entry.modifiedAt ? html`${dot}changed ${formatAgo(entry.modifiedAt, now)}` : nothing}`;
    const backend = run.backend ? html`${dot}<span title=${run.adapter}>${run.backend}</span>` : nothing;
    return html`${entry.name}${dot}ran ${formatAgo(run.at, now)} in ${formatDuration(run.durationMs).replaceAll(" ", "\u00a0")}${backend}${
      run.errors ? html`${dot}${run.errors} ${run.errors === 1 ? "error" : "errors"}` : nothing
    }`;
  }

  #act(action: string): void {
    this.dispatchEvent(new CustomEvent("petri-action", {detail: {action}, bubbles: true}));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-home": PetriHome;
  }
}
