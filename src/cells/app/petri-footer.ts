import {html, LitElement, nothing, type PropertyValues, type TemplateResult} from "lit";
import {customElement, property} from "lit/decorators.js";
import type {MemoryInfo} from "../../gpu/types.ts";
import {formatBytes} from "./format.ts";
import {icon} from "./icons.ts";
import type {Engine, RunningRun} from "./services.ts";
import type {Workspace} from "./workspace/types.ts";
import {badgeOf} from "./workspace/words.ts";

const BACKENDS = {webgpu: "WebGPU", wasm: "WebAssembly", cpu: "CPU"} as const;

/** The thin line at the page's foot: what trains, on what, in how much memory, and how to stop it. */
@customElement("petri-footer")
export class PetriFooter extends LitElement {
  @property({attribute: false}) engine!: Engine;
  /** Where runs are kept, null without such a place. */
  @property({attribute: false}) workspace: Workspace | null = null;
  /** Cells that are running, as a person calls them. */
  @property({attribute: false}) running: readonly string[] = [];
  #unsubscribe: (() => void)[] = [];

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.setAttribute("role", "contentinfo");
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("engine") && !changed.has("workspace")) return;
    this.#stopListening();
    const update = () => this.requestUpdate();
    this.#unsubscribe = [this.engine, this.workspace].flatMap((source) => source?.subscribe(update) ?? []);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopListening();
  }

  #stopListening(): void {
    for (const stop of this.#unsubscribe.splice(0)) stop();
  }

  protected override render(): TemplateResult {
    const {running} = this.engine.status();
    const names = running.length ? running.map(describeRun) : this.running;
    return html`<div class="footer-inner">
      <span class="footer-engine">${this.#engine()}</span>
      <span class="footer-running">
        ${names.length ? html`<span class="pulse"></span>${names.slice(0, 2).join(", ")}${names.length > 2 ? `, ${names.length - 2} more` : ""}` : nothing}
      </span>
      ${
        names.length
          ? html`<button type="button" class="tool stop" aria-label="Stop everything" title="Stop everything" @click=${this.#stop}>
              ${icon("stop")}Stop
            </button>`
          : nothing
      }
      ${this.workspace ? this.#store(this.workspace) : nothing}
    </div>`;
  }

  /** The way to the store of runs, and what is wrong with it. */
  #store({status}: Workspace): TemplateResult {
    const badge = badgeOf(status);
    const title = badge?.title ?? "Runs, the space they take, import and export";
    return html`<button
      type="button"
      class="tool footer-store ${badge?.kind ?? ""}"
      aria-label=${badge ? `Workspace: ${badge.text}` : "Workspace"}
      title=${title}
      @click=${() => this.#act("workspace")}
    >
      ${icon("database")}${badge ? html`<span class="footer-store-text">${badge.text}</span>` : nothing}
    </button>`;
  }

  #engine(): TemplateResult {
    const {backend, memory} = this.engine.status();
    const dot = html`<span class="dot">·</span>`;
    if (!backend) return html`<span title="The training worker starts with the first run">Ready</span>`;
    const refused = backend.refused.map(({name, reason}) => `${BACKENDS[name]}: ${reason}`).join("\n");
    return html`<span title=${refused ? `Passed over:\n${refused}` : `Training runs on ${BACKENDS[backend.name]}`}
        >${BACKENDS[backend.name]}</span
      ><span class="footer-adapter">${dot}${backend.adapter}</span>${
        memory
          ? html`${dot}<span title=${memoryByOwner(memory)}>${formatBytes(memory.sizeBytes)}</span>`
          : nothing
      }`;
  }

  readonly #stop = (): void => this.#act("stop-all");

  #act(action: string): void {
    this.dispatchEvent(new CustomEvent("petri-action", {detail: {action}, bubbles: true}));
  }
}

/** Whose the tensors are, the largest first, and what is held besides. */
function memoryByOwner({tensors, byOwner = {}, cacheBytes = 0}: MemoryInfo): string {
  const owners = Object.entries(byOwner).sort(([, a], [, b]) => b.sizeBytes - a.sizeBytes);
  return [
    `${tensors} tensors`,
    ...owners.map(([name, owned]) => `${name}: ${formatBytes(owned.sizeBytes)}, ${owned.tensors} tensors`),
    ...(cacheBytes > 0 ? [`held to be used again: ${formatBytes(cacheBytes)}`] : [])
  ].join("\n");
}

/** A run's name, and how far it is where that is known. */
function describeRun({name, fraction}: RunningRun): string {
  return fraction === undefined ? name : `${name} ${Math.floor(100 * fraction)} %`;
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-footer": PetriFooter;
  }
}
