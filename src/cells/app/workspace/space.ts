import {html, nothing, type TemplateResult} from "lit";
import type {JournalStatus} from "../../../tables/journal/types.ts";
import {formatBytes} from "../format.ts";
import {percent, roleWords, roomOf} from "./words.ts";

/** How much room the runs take, whether they are safe, and who writes them. `persist` asks the browser to keep them. */
export function spaceView(status: JournalStatus, persist: () => void): TemplateResult {
  const {failure, newer, persisted, repaired, role} = status;
  return html`<section class="ws-space" aria-label="Space">
      ${meter(status)}
      ${
        failure
          ? html`<div class="notice error" role="alert"><span><b>Runs are not being recorded.</b> ${failure.message} ${formatBytes(failure.unwrittenBytes)} wait in memory and are written as soon as there is room; they are lost if the page is closed before.</span></div>`
          : nothing
      }
      ${newer === undefined ? nothing : html`<div class="notice" role="alert"><span>${newer}</span></div>`}
      <p class="ws-facts">
        <span>${roleWords[role]}</span>
        ${
          role === "memory" || persisted === null
            ? nothing
            : persisted
              ? html`<span>The browser has promised not to clear the runs.</span>`
              : html`<span>The browser may clear the runs when space runs short. <button type="button" class="text-button" @click=${persist}>Keep them</button></span>`
        }
        ${repaired.length > 0 ? html`<span>${repairWords(repaired)}</span>` : nothing}
      </p>
    </section>`;
}

function meter(status: JournalStatus): TemplateResult {
  const room = roomOf(status);
  const used = html`<b>${formatBytes(status.sizeBytes)}</b> of runs`;
  if (!room) return html`<p class="ws-figures"><span>${used}</span></p>`;
  const {sizeBytes, usageBytes, quotaBytes, share, isShort} = room;
  const width = (bytes: number) => `width: max(${bytes > 0 ? 3 : 0}px, ${(100 * bytes) / quotaBytes}%)`;
  return html`<div
      class=${isShort ? "ws-meter short" : "ws-meter"}
      role="meter"
      aria-label="Space used"
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(100 * share)}
      aria-valuetext=${`${formatBytes(usageBytes)} of ${formatBytes(quotaBytes)}`}
    ><i style=${width(sizeBytes)}></i><i class="other" style=${width(usageBytes - sizeBytes)}></i></div>
    <p class="ws-figures">
      <span>${used}</span>
      <span>${formatBytes(usageBytes)} of ${formatBytes(quotaBytes)} used by this site, ${percent(share)}</span>
    </p>
    ${
      isShort
        ? html`<div class="notice"><span>Space is running short. Delete runs, or export them first.</span></div>`
        : nothing
    }`;
}

function repairWords(repaired: JournalStatus["repaired"]): string {
  const bytes = repaired.reduce((sum, {lostBytes}) => sum + lostBytes, 0);
  const places = new Set(repaired.map(({file}) => file)).size;
  const files = `${places} ${places > 1 ? "files" : "file"}`;
  return bytes > 0
    ? `${formatBytes(bytes)} in ${files} were torn by a crash or damaged, and are left out.`
    : `${files} of the journal ${places > 1 ? "are" : "is"} damaged or gone: runs may be missing. Import an archive if you have one.`;
}
