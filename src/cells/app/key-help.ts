import {html, nothing, render} from "lit";
import {openDialog} from "./open-dialog.ts";

let shown = false;

/** Shows the keyboard help over the page, which goes on as it was; resolves when it is closed. */
export async function showKeyHelp(versions: Readonly<Record<string, string>>): Promise<void> {
  if (shown) return;
  shown = true;
  const host = document.createElement("div");
  try {
    await Promise.all([import("./wa-dialog.ts"), import("./petri-keys.ts")]);
    document.body.append(host);
    await new Promise<void>((resolve) => {
      render(
        html`<wa-dialog
          class="petri-dialog keys-dialog"
          label="Keyboard"
          light-dismiss
          @wa-after-hide=${(event: Event) => event.target === event.currentTarget && resolve()}
        >
          <petri-keys embedded tabindex="0" autofocus .versions=${versions}></petri-keys>
        </wa-dialog>`,
        host
      );
      void openDialog(host);
    });
  } finally {
    render(nothing, host);
    host.remove();
    shown = false;
  }
}
