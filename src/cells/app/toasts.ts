/** A passing message; with a button when there is something to do about it. */
export interface Toast {
  text: string;
  kind?: "neutral" | "warning" | "danger";
  action?: {label: string; run(): void};
  /** 0 keeps it until it is closed. */
  durationMs?: number;
}

let region: HTMLElement | null = null;

/**
 * Shows a message at the page's foot and answers the way to take it down; what draws it is loaded on the first one. Where
 * that fails it is drawn plainly: then there is all the more to say.
 */
export async function showToast({
  text,
  kind = "neutral",
  action,
  durationMs = 6000
}: Toast): Promise<() => void> {
  const isPlain = await import("./wa-toast.ts").then(
    () => false,
    () => true
  );
  if (!region?.isConnected) {
    region = Object.assign(document.createElement("wa-toast"), {placement: "bottom-center"});
    if (isPlain) Object.assign(region, {className: "toast-plain", role: "alert"});
    document.body.append(region);
  }
  const item = Object.assign(document.createElement("wa-toast-item"), {
    variant: kind,
    size: "s",
    duration: durationMs
  });
  item.append(text);
  if (action) {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: action.label
    });
    button.className = "toast-action";
    button.addEventListener("click", () => {
      action.run();
      item.remove();
    });
    item.append(" ", button);
  }
  region.append(item);
  return () => item.remove();
}
