import "./series.css";
import {html, LitElement, nothing} from "lit";
import {customElement, property} from "lit/decorators.js";
import type {StepProfile} from "../../gpu/types.ts";
import {type ProfileTable, profileTable} from "./profile-table.ts";
import {profileStyles} from "./run-profile.styles.ts";
import {seriesColor} from "./series-color.ts";

/** What the steps of a run do on the GPU, kernel by kernel; measured when it is asked for (the event `profile`). */
@customElement("petri-run-profile")
export class PetriRunProfile extends LitElement {
  static override styles = profileStyles;

  @property({attribute: false}) profile: StepProfile | "waiting" | null = null;
  /** Whether there are steps to look at. */
  @property({type: Boolean}) running = false;

  protected override render(): unknown {
    const {profile} = this;
    const isWaiting = profile === "waiting";
    const table = isWaiting || profile === null ? null : profileTable(profile);
    return html`
      ${this.running ? html`<button ?disabled=${isWaiting} title="What each kernel takes on the GPU, over the next steps" @click=${this.#ask}>${isWaiting ? "Profiling…" : "Profile"}</button>` : nothing}
      ${table ? this.#table(table) : nothing}
    `;
  }

  #table({headline, note, shareOf, rows}: ProfileTable): unknown {
    return html`
      ${headline ? html`<p>${headline}</p>` : nothing}
      ${note ? html`<p role="note">${note}</p>` : nothing}
      ${rows.length > 0 ? this.#rows(rows, shareOf) : nothing}
    `;
  }

  #rows(rows: ProfileTable["rows"], shareOf: string): unknown {
    return html`
      <div class="chart" role="img" aria-label="Shares of the ${shareOf}, as in the table">${rows.map(
        ({name, share}) =>
          html`<i style="flex:${share};background:${colorOf(name)}" title=${`${name}: ${percent(share)}`}></i>`
      )}</div>
      <div class="scroll" tabindex="0" role="region" aria-label="Kernels of a step">
        <table>
          <thead><tr><th scope="col">kernel</th><th scope="col">% ${shareOf}</th><th scope="col">ms</th><th scope="col">calls</th><th scope="col">bytes</th></tr></thead>
          <tbody>${rows.map(
            ({name, share, time, calls, bytes}) =>
              html`<tr><td title=${name}><i style="background:${colorOf(name)}"></i>${name}</td><td>${percent(share)}</td><td>${time}</td><td>${calls}</td><td>${bytes}</td></tr>`
          )}</tbody>
        </table>
      </div>
    `;
  }

  readonly #ask = (): void => {
    this.dispatchEvent(new CustomEvent("profile"));
  };
}

/** The same for a kernel in every run. */
const colorOf = (kernel: string) => seriesColor("kernels of steps", kernel, false);
const percent = (share: number) => (100 * share).toFixed(1);

declare global {
  interface HTMLElementTagNameMap {
    "petri-run-profile": PetriRunProfile;
  }
}
