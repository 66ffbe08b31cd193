import {checkName} from "../../runtime/storage/names.ts";
import {ask, confirmDanger} from "./dialogs.ts";
import {showToast} from "./toasts.ts";

/** Asks for a notebook's name; null when none was given. `label` is the button's. */
export async function askName(title: string, label: string, value: string): Promise<string | null> {
  const answer = await ask({
    title,
    field: {label: "Name", value, hint: "The file's name, without .html", check: nameProblem},
    choices: [
      {label: "Cancel", value: false},
      {label, value: true, kind: "brand"}
    ]
  });
  return answer?.value ? answer.text : null;
}

export function confirmDelete(title: string): Promise<boolean> {
  return confirmDanger(`Delete “${title}”?`, "The notebook's file is deleted.", "Delete");
}

/** Says that a notebook is gone and offers it back. */
export function sayDeleted(title: string, restore: () => Promise<void>): void {
  void showToast({
    text: `“${title}” deleted.`,
    action: {label: "Undo", run: () => void restore().catch(sayFailure)},
    durationMs: 12_000
  });
}

/** Says why something did not work. */
export function sayFailure(error: unknown): false {
  const text = error instanceof Error ? error.message : String(error);
  void showToast({text, kind: "danger", durationMs: 12_000});
  return false;
}

function nameProblem(name: string): string | null {
  try {
    checkName(name);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
