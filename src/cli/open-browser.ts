import {spawn} from "node:child_process";

const openers: Record<string, string[]> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
  linux: ["xdg-open"]
};

/** Opens the address in the person's browser; on a machine that has none, nothing happens. */
export function openBrowser(address: string): void {
  const [command, ...args] = openers[process.platform] ?? openers.linux;
  const child = spawn(command, [...args, address], {stdio: "ignore", detached: true});
  child.on("error", () => undefined);
  child.unref();
}
