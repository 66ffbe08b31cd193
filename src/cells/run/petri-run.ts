import "./series.css";
import "./run-panel.ts";
import "./run-profile.ts";
import {html, LitElement, nothing, type PropertyValues} from "lit";
import {customElement, property} from "lit/decorators.js";
import type {RunStatus} from "../../training/types.ts";
import {lastNumber} from "./chart-data.ts";
import {Fold} from "./fold.ts";
import {formatCount, formatRate, formatTimeLeft} from "./format.ts";
import {FrameThrottle} from "./frame.ts";
import {groupMetrics, shownCounters} from "./metric-names.ts";
import {paramChips} from "./params.ts";
import {runStyles} from "./petri-run.styles.ts";
import {sparkline} from "./sparkline.ts";
import {headline, notes, summarize, whenExactly} from "./summary.ts";
import type {RunView} from "./types.ts";

const live: ReadonlySet<RunStatus> = new Set(["queued", "running"]);
const maxPanels = 4;
const maxLogLines = 200;

/**
 * A training run: its parameters, progress, curves and outcome. Given another run it goes on as its card, with the last
 * run's curves and parameters faint until the new one has caught up.
 */
@customElement("petri-run")
export class PetriRun extends LitElement {
  static override styles = runStyles;

  @property({attribute: false}) run: RunView | null = null;
  /** The clock behind "2 days ago". */
  @property({attribute: false}) now: () => number = Date.now;

  readonly #frames = new FrameThrottle(() => this.#refresh());
  readonly #fold = new Fold(
    () => this.requestUpdate(),
    () => this.matches(":hover, :focus-within")
  );
  #unsubscribe: (() => void) | null = null;
  #previous: RunView | null = null;
  #status: RunStatus | null = null;
  #version = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#listen();
    this.addEventListener("pointerleave", this.#left);
    this.addEventListener("focusout", this.#left);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#frames.cancel();
    this.removeEventListener("pointerleave", this.#left);
    this.removeEventListener("focusout", this.#left);
  }

  readonly #left = (): void => this.#fold.left();

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("run")) {
      const before = changed.get("run");
      if (before && before !== this.run) this.#previous = before.rows.step.length ? before : this.#previous;
      this.#listen();
    }
    const status = this.run?.record.status;
    if (!status) return;
    if (this.#status === null) this.#fold.start(status);
    if (this.#status !== status || changed.has("run")) this.#fold.follow(status);
    this.#status = status;
    this.setAttribute("data-status", status);
  }

  #listen(): void {
    this.#unsubscribe?.();
    this.#unsubscribe =
      this.run && this.isConnected ? this.run.subscribe(() => this.#frames.request()) : null;
  }

  #refresh(): void {
    ++this.#version;
    this.requestUpdate();
  }

  /** The run before, while it says something that this one does not yet. */
  #ghost(run: RunView): RunView | null {
    const previous = this.#previous;
    if (!previous || !live.has(run.record.status)) return null;
    return (run.progress.step ?? 0) < (previous.record.lastStep ?? 0) ? previous : null;
  }

  protected override render(): unknown {
    const {run} = this;
    if (!run) return nothing;
    const {open} = this.#fold;
    const {name, status} = run.record;
    return html`
      <div class=${open ? "card open" : "card"} role="group" aria-label="Training run ${name}">
        ${this.#header(run, open)}
        ${live.has(status) ? this.#progress(run) : nothing}
        ${open ? this.#body(run) : nothing}
        <span class="announce" role="status">${live.has(status) ? "" : `${name}: ${summarize(run, this.now()).join(", ")}`}</span>
      </div>
    `;
  }

  #header(run: RunView, open: boolean): unknown {
    const {name, status} = run.record;
    const running = live.has(status);
    return html`
      <div class="head">
        <button class="fold" aria-expanded=${open} aria-label=${`${open ? "Fold" : "Unfold"} run ${name}`} @click=${() => this.#fold.toggle()}>
          <svg viewBox="0 0 8 8" width="8" height="8" aria-hidden="true"><path d="M1.5 0.5 L6.5 4 L1.5 7.5z" /></svg>
        </button>
        <span class="name" @click=${() => this.#fold.toggle()}>${name}</span>
        ${running ? nothing : html`<span class="summary ${status}">${this.#summary(run)}</span>`}
        ${open || running ? this.#chips(run) : sparkline(run.rows, headline(Object.keys(run.rows.columns)))}
        <span class="actions">${
          running
            ? html`<button class="action" aria-label="Cancel run" ?disabled=${run.cancelling} @click=${() => run.cancel()}>${run.cancelling ? "Cancelling…" : "Cancel"}</button>`
            : html`<button class="action" aria-label="Recompute run" title=${run.fromCache ? "Compute it again instead of taking it from the store" : "Run again, though nothing changed"} @click=${() => run.recompute()}>Recompute</button>`
        }</span>
      </div>
    `;
  }

  /** Broken only between its parts, on a narrow page. */
  #summary(run: RunView): unknown {
    const parts = summarize(run, this.now());
    const last = parts.length - 1;
    return parts.map((part, i) =>
      run.fromCache && i === last
        ? html`<span class="origin" title=${whenExactly(run)}>${part}</span>`
        : html`<span>${part}${i < last ? " ·" : ""}</span> `
    );
  }

  #chips(run: RunView): unknown {
    const chips = paramChips(run.record.params, this.#ghost(run)?.record.params ?? null);
    return html`<span class="chips" role="list" aria-label="Parameters">${chips.map(
      ({name, value, was}) => html`<span class="chip" role="listitem"
        ><span class="key">${name}</span> ${was === null ? nothing : html`<s title="in the run before">${was}</s> `}<b>${value}</b></span
      >`
    )}</span>`;
  }

  #progress(run: RunView): unknown {
    const {step, totalSteps, fraction, stepsPerSecond, etaMs, silentMs} = run.progress;
    const {backend, status} = run.record;
    return html`
      <div
        class=${fraction === null ? "bar unknown" : "bar"}
        role="progressbar"
        aria-label="Progress of ${run.record.name}"
        aria-valuemin="0"
        aria-valuemax="100"
        aria-valuenow=${fraction === null ? nothing : Math.round(fraction * 100)}
      ><i style="transform:scaleX(${fraction ?? 1})"></i></div>
      <div class="figures">
        <span class=${totalSteps ? "step" : "step open-ended"}>${
          step === null
            ? status === "queued"
              ? "waiting for its turn"
              : "starting"
            : html`step <span class="count" style="min-width:${formatCount(totalSteps ?? step).length}ch">${formatCount(step)}</span>${totalSteps ? html`<span class="of"> of ${formatCount(totalSteps)}</span>` : nothing}`
        }</span>
        ${shownCounters.map((name) => {
          const value = lastNumber(run.rows.columns[name]);
          return value === null ? nothing : html`<span>${name} ${formatCount(value)}</span>`;
        })}
        ${
          silentMs === undefined
            ? html`<span class="rate">${stepsPerSecond ? formatRate(stepsPerSecond) : ""}</span>
              <span class="left">${etaMs != null ? formatTimeLeft(etaMs) : ""}</span>`
            : html`<span class="silent">not responding for ${Math.round(silentMs / 1000)} s</span>`
        }
        <span class="backend" title=${backend?.adapter ?? ""}>${backend?.name ?? ""}</span>
      </div>
    `;
  }

  #body(run: RunView): unknown {
    const {rows, record, logs} = run;
    const panels = [...groupMetrics(Object.keys(rows.columns))].slice(0, maxPanels);
    const ghost = this.#ghost(run)?.rows ?? null;
    return html`
      ${record.error && record.status !== "cancelled" ? html`<p class="error">${record.error}</p>` : nothing}
      ${notes(run).map(({text}) => html`<p class="note">${text}</p>`)}
      <div class="panels">${panels.map(
        ([quantity, metrics]) => html`<petri-run-panel
          .notebook=${record.notebook}
          .quantity=${quantity}
          .metrics=${metrics}
          .rows=${rows}
          .version=${this.#version}
          .ghost=${ghost}
          .syncKey=${record.runId}
        ></petri-run-panel>`
      )}${!panels.length && record.status === "running" ? html`<div class="waiting"></div>` : nothing}</div>
      ${this.#profile(run)}
      ${this.#logs(logs.filter(({level}) => level !== "note").map(({text}) => text))}
    `;
  }

  /** Of training on a GPU, while there is something to ask or to show. */
  #profile(run: RunView): unknown {
    const running = run.record.status === "running" && run.requestProfile !== undefined;
    const {profile = null} = run;
    if (run.record.backend?.name !== "webgpu" || !(running || profile)) return nothing;
    return html`<petri-run-profile .profile=${profile} ?running=${running} @profile=${() => run.requestProfile?.()}></petri-run-profile>`;
  }

  #logs(lines: readonly string[]): unknown {
    if (lines.length === 0) return nothing;
    if (lines.length === 1) return html`<p class="log">${lines[0]}</p>`;
    return html`<details class="logs"><summary>${lines.at(-1)} <span class="more">${lines.length} lines</span></summary>
      <pre tabindex="0">${lines.slice(-maxLogLines).join("\n")}</pre></details>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "petri-run": PetriRun;
  }
}
