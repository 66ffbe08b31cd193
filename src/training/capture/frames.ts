import type {WireError} from "../protocol.ts";
import type {Script} from "./revive.ts";

/** Escapes what has a meaning in a regular expression. */
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The innermost place of an error's stack that lies in one of these scripts, 1-based in that function's source. */
export function frameOf(error: unknown, scripts: readonly Script[]): WireError["frame"] {
  const stack = (error as {stack?: unknown} | null)?.stack;
  if (typeof stack !== "string") return null;
  for (const line of stack.split("\n")) {
    for (const [index, {url, prefix}] of scripts.entries()) {
      const place = new RegExp(`${literally(url)}.*?:(\\d+):(\\d+)`).exec(line);
      if (!place) continue;
      const row = Number(place[1]);
      return {function: index, line: row, column: Number(place[2]) - (row === 1 ? prefix : 0)};
    }
  }
  return null;
}
