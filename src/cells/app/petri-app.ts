import "../styles/base.css";
import "../styles/shell.css";
import "../styles/bar.css";
import "../styles/home.css";
import "../styles/cell.css";
import "./petri-footer.ts";
import {html, LitElement, type TemplateResult} from "lit";
import {customElement, property, state} from "lit/decorators.js";
import type {CellError, CellMode, CellStateName, CellStatus} from "../../runtime/types.ts";
import {actionById} from "./actions.ts";
import type {ActionContext, AppCommands} from "./commands.ts";
import {sayFailure} from "./file-dialogs.ts";
import {FileDrop} from "./file-drop.ts";
import {chooseFiles} from "./files.ts";
import {type GivenFiles, nothingIn} from "./folders.ts";
import {KeyController} from "./key-controller.ts";
import {showKeyHelp} from "./key-help.ts";
import {createNotebook, importNotebook} from "./new-notebook.ts";
import type {PetriHome} from "./petri-home.ts";
import type {PetriNotebook} from "./petri-notebook.ts";
import {notebookHash, parseRoute, type Route} from "./router.ts";
import type {AppServices} from "./services.ts";
import {StalePage} from "./stale-page.ts";
import {type Scheme, ThemeController} from "./theme.ts";
import {showToast} from "./toasts.ts";
import {isNotebook} from "./workspace/words.ts";

/** What `window.petri.settled()` says of a cell. */
export interface SettledCell {
  id: number;
  mode: CellMode;
  state: CellStateName;
  error?: CellError;
}

const NEXT_SCHEME: Record<Scheme, Scheme> = {auto: "light", light: "dark", dark: "auto"};
const SCHEME_WORDS: Record<Scheme, string> = {
  auto: "Colours follow the system.",
  light: "Light.",
  dark: "Dark."
};

/** The page: what the address says, under one keymap and one footer. */
@customElement("petri-app")
export class PetriApp extends LitElement implements AppCommands {
  @property({attribute: false}) services!: AppServices;
  @state() private route: Route = parseRoute(location.hash) ?? {page: "home"};
  #theme = new ThemeController(document.documentElement);

  constructor() {
    super();
    new KeyController(this, this.context);
    this.addEventListener("petri-action", this.#acted);
    this.addEventListener("petri-opened", this.#opened);
    this.addEventListener("petri-status", () => this.requestUpdate());
    this.addController(new StalePage());
    this.addController(new FileDrop(this, (reading) => void this.#takeDrop(reading)));
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("hashchange", this.#navigated);
    window.addEventListener("scroll", this.#scrolled, {passive: true});
    this.#enter();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("hashchange", this.#navigated);
    window.removeEventListener("scroll", this.#scrolled);
  }

  /** The open notebook's element, null on other pages. */
  get notebook(): PetriNotebook | null {
    return this.querySelector("petri-notebook");
  }

  /** Resolves when nothing in the open notebook is queued or running; on other pages with no cells. */
  async settled(): Promise<{cells: SettledCell[]}> {
    await this.updateComplete;
    if (this.route.page === "notebook" || this.route.page === "address") {
      await customElements.whenDefined("petri-notebook");
      await this.notebook?.updateComplete;
    }
    const session = await this.notebook?.opened;
    const cells = (await session?.settled()) ?? [];
    return {cells: cells.map(settledCell)};
  }

  /** The cells of the open notebook as they are now. */
  get cells(): SettledCell[] {
    return (this.notebook?.statuses ?? []).map(settledCell);
  }

  protected override render(): TemplateResult {
    return html`${this.#page()}<petri-footer .engine=${this.services.engine} .workspace=${this.services.workspace ?? null} .running=${this.#running()}></petri-footer>`;
  }

  #page(): TemplateResult {
    const {route, services} = this;
    if (route.page === "notebook" || route.page === "address") {
      const source = route.page === "notebook" ? {name: route.name} : {url: route.url};
      const key = "name" in source ? source.name : source.url;
      return html`<petri-notebook data-source=${key} .services=${services} .source=${this.#source(source)} .context=${this.context}></petri-notebook>`;
    }
    if (route.page === "home") return html`<main><petri-home .services=${services}></petri-home></main>`;
    if (route.page === "keys")
      return html`<main><p class="page-back"><a href="#/">All notebooks</a></p><petri-keys .versions=${services.versions}></petri-keys></main>`;
    return html`<main class="page"><h1>Nothing here</h1><p>There is no page <code>${route.hash}</code>.</p><p><a href="#/">All notebooks</a></p></main>`;
  }

  /** The same object for the same source, so that a new drawing of the page opens nothing anew. */
  #source(source: {name: string} | {url: string}): {name: string} | {url: string} {
    if (JSON.stringify(source) !== JSON.stringify(this.#lastSource)) this.#lastSource = source;
    return this.#lastSource;
  }
  #lastSource: {name: string} | {url: string} = {name: ""};

  #running(): readonly string[] {
    const {notebook, route} = this;
    // The element of a notebook that was just left is still on the page.
    if (route.page !== "notebook" && route.page !== "address") return [];
    return (notebook?.statuses ?? [])
      .filter(({state}) => state === "running")
      .map(({id, defines}) => defines[0] ?? notebook?.cellLabel(id) ?? "");
  }

  readonly context = (): ActionContext => ({app: this, notebook: this.notebook?.commands ?? null});

  newNotebook(): void {
    void this.#make(async () => createNotebook(await this.services.storage));
  }

  importFile(): void {
    void chooseFiles(this.hasWorkspace ? "" : ".html,text/html").then((files) => this.#import(files));
  }

  goHome(): void {
    location.hash = "#/";
  }

  showKeys(): void {
    if (this.route.page !== "keys") void showKeyHelp(this.services.versions);
  }

  cycleScheme(): void {
    this.#theme.scheme = NEXT_SCHEME[this.#theme.scheme];
    void showToast({text: SCHEME_WORDS[this.#theme.scheme], durationMs: 2000});
  }

  get hasWorkspace(): boolean {
    return this.services.workspace !== undefined;
  }

  showWorkspace(): void {
    void this.#showWorkspace([]);
  }

  /** Shows the store of runs, which takes in these files. */
  async #showWorkspace(files: readonly File[]): Promise<void> {
    const {workspace} = this.services;
    if (!workspace) return;
    const {showWorkspace} = await import("./workspace/show-workspace.ts");
    await showWorkspace(workspace, {files, notebooks: (found) => void this.#import(found)}).catch(sayFailure);
  }

  async #takeDrop(reading: Promise<GivenFiles>): Promise<void> {
    try {
      const {files, folders} = await reading;
      if (files.length > 0) await this.#import(files);
      else if (folders.length > 0) sayFailure(new Error(nothingIn(folders)));
    } catch (error) {
      sayFailure(error);
    }
  }

  /** Notebooks are added to the list; whatever else there is may be runs. */
  async #import(files: readonly File[]): Promise<void> {
    const others = this.hasWorkspace ? files.filter((file) => !isNotebook(file)) : [];
    if (others.length > 0) void this.#showWorkspace(others);
    for (const file of files.filter((file) => !others.includes(file)))
      await this.#make(async () => importNotebook(await this.services.storage, file.name, await file.text()));
  }

  async #make(make: () => Promise<string>): Promise<void> {
    try {
      location.hash = notebookHash(await make());
    } catch (error) {
      sayFailure(error);
    }
    await (this.querySelector("petri-home") as PetriHome | null)?.load();
  }

  #acted = (event: Event): void => {
    const {action} = (event as CustomEvent<{action: string}>).detail;
    const found = actionById(action);
    const context = this.context();
    if (found.enabled?.(context) ?? true) found.run(context);
  };

  #opened = (): void => {
    const {title, theme} = this.notebook?.open.document.notebook ?? {title: "", theme: "air" as const};
    document.title = title ? `${title} · Petri` : "Petri";
    this.#theme.theme = theme;
  };

  #navigated = (): void => {
    const route = parseRoute(location.hash);
    if (route) {
      this.route = route;
      this.#enter();
      return;
    }
    // An anchor inside the notebook: go there, and keep the address that finds the notebook again.
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const {route: here} = this;
    if (here.page === "notebook") history.replaceState(null, "", notebookHash(here.name));
    else if (here.page === "address")
      history.replaceState(null, "", `#/notebook?url=${encodeURIComponent(here.url)}`);
    target?.scrollIntoView();
  };

  /** Loads what the page of this address needs. */
  #enter(): void {
    const {page} = this.route;
    if (page === "notebook" || page === "address") {
      void import("./petri-notebook.ts");
      this.services.preload?.();
    } else {
      this.#theme.theme = "air";
      document.title = page === "keys" ? "Keyboard · Petri" : "Petri";
      if (page === "home") void import("./petri-home.ts");
      if (page === "keys") void import("./petri-keys.ts");
    }
    window.scrollTo(0, 0);
  }

  #scrolled = (): void => {
    this.querySelector(".bar")?.classList.toggle("scrolled", window.scrollY > 4);
  };
}

function settledCell({id, mode, state, error}: CellStatus): SettledCell {
  return {id, mode, state, ...(error && {error})};
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-app": PetriApp;
  }
}
