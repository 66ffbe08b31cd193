interface Drawn extends HTMLElement {
  readonly updateComplete: Promise<unknown>;
}

/**
 * Opens the Web Awesome dialog in `host`, which was just drawn, and puts the caret into its field, the text selected.
 * Opened before its first drawing, a dialog neither takes the focus nor gives it back when it is closed.
 */
export async function openDialog(host: HTMLElement): Promise<void> {
  const dialog = host.querySelector<Drawn & {open: boolean}>("wa-dialog");
  if (!dialog) return;
  await dialog.updateComplete;
  dialog.open = true;
  const field = host.querySelector<Drawn & {select(): void}>("wa-input");
  await dialog.updateComplete;
  await field?.updateComplete;
  field?.focus();
  field?.select();
}
