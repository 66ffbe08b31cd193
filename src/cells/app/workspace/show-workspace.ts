import {html, nothing, render} from "lit";
import {openDialog} from "../open-dialog.ts";
import type {PetriWorkspace} from "./petri-workspace.ts";
import type {Workspace} from "./types.ts";

let host: HTMLElement | null = null;

interface ShowOptions {
  /** Imported at once. */
  files: readonly File[];
  /** Told of notebooks among the files that people give it. */
  notebooks(files: readonly File[]): void;
}

/** Shows the workspace over the page; resolves when it is closed. */
export async function showWorkspace(workspace: Workspace, {files, notebooks}: ShowOptions): Promise<void> {
  // Another call is showing it, unless somebody took it off the page.
  if (host?.querySelector("petri-workspace")) return give(host, files);
  const mine = document.createElement("div");
  host = mine;
  try {
    await Promise.all([import("../wa-dialog.ts"), import("./petri-workspace.ts")]);
    document.body.append(mine);
    await new Promise<void>((resolve) => {
      render(
        html`<wa-dialog
          class="petri-dialog workspace-dialog"
          label="Workspace"
          light-dismiss
          @wa-after-hide=${(event: Event) => event.target === event.currentTarget && resolve()}
        >
          <petri-workspace
            tabindex="0"
            autofocus
            .workspace=${workspace}
            @petri-notebooks=${(event: CustomEvent<{files: File[]}>) => notebooks(event.detail.files)}
          ></petri-workspace>
        </wa-dialog>`,
        mine
      );
      void openDialog(mine);
      void give(mine, files);
    });
  } finally {
    render(nothing, mine);
    mine.remove();
    if (host === mine) host = null;
  }
}

async function give(place: HTMLElement, files: readonly File[]): Promise<void> {
  if (files.length > 0) await place.querySelector<PetriWorkspace>("petri-workspace")?.take(files);
}
