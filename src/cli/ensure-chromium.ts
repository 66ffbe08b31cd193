import {spawnSync} from "node:child_process";
import {existsSync} from "node:fs";
import {UsageError} from "./arguments.ts";
import {findChromium} from "./chromium.ts";

const advice: Record<string, string> = {
  darwin: "brew install --cask google-chrome",
  win32: "winget install Google.Chrome",
  linux: "apt-get install chromium (Debian), dnf install chromium (Fedora), pacman -S chromium (Arch)"
};

/**
 * The path of a Chromium. Where there is none, on Debian and as root, installs Debian's package.
 * @throws UsageError that says what to install
 */
export async function ensureChromium(): Promise<string> {
  const found = (await findChromium()) ?? (canInstall() ? await install() : null);
  if (found) return found;
  throw new UsageError(
    "Petri's tests drive a Chromium, Chrome or Edge, and none was found.\n" +
      `Install one: ${advice[process.platform] ?? advice.linux}.\n` +
      "If it lies in an unusual place, name it: PETRI_CHROMIUM=/path/to/chrome npm test."
  );
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

async function install(): Promise<string | null> {
  console.log("No Chromium found; installing Debian's package chromium ...");
  // A font comes along: without any, a page has no text to measure.
  const steps = [["update"], ["install", "-y", "--no-install-recommends", "chromium", "fonts-liberation"]];
  for (const step of steps)
    spawnSync("apt-get", step, {stdio: "inherit", env: {...process.env, DEBIAN_FRONTEND: "noninteractive"}});
  return findChromium();
}
