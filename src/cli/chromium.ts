import {existsSync} from "node:fs";
import {delimiter, join} from "node:path";

/** What the machine is, as far as finding a browser needs it; a test passes its own. */
export interface Machine {
  platform: string;
  env: Record<string, string | undefined>;
  exists: (path: string) => boolean;
}

const thisMachine: Machine = {platform: process.platform, env: process.env, exists: existsSync};

const commands = [
  "chromium",
  "chromium-browser",
  "google-chrome-stable",
  "google-chrome",
  "microsoft-edge-stable",
  "microsoft-edge"
];

const macApplications = [
  "Google Chrome.app/Contents/MacOS/Google Chrome",
  "Chromium.app/Contents/MacOS/Chromium",
  "Microsoft Edge.app/Contents/MacOS/Microsoft Edge"
];

const windowsPrograms = [
  "Google\\Chrome\\Application\\chrome.exe",
  "Chromium\\Application\\chrome.exe",
  "Microsoft\\Edge\\Application\\msedge.exe"
];

function candidates({platform, env}: Machine): string[] {
  if (platform === "darwin")
    return ["/Applications", `${env.HOME}/Applications`].flatMap((folder) =>
      macApplications.map((application) => `${folder}/${application}`)
    );
  if (platform === "win32")
    return [env.PROGRAMFILES, env["PROGRAMFILES(X86)"], env.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) => windowsPrograms.map((program) => `${folder}\\${program}`));
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return commands.flatMap((command) => folders.map((folder) => join(folder, command)));
}

/**
 * The path of a Chromium, Chrome or Edge on this machine: `PETRI_CHROMIUM`, then the usual places, then the one that
 * Playwright downloaded, if any. Null when there is none.
 */
export async function findChromium(machine: Machine = thisMachine): Promise<string | null> {
  const chosen = machine.env.PETRI_CHROMIUM;
  if (chosen && !machine.exists(chosen))
    throw new Error(`PETRI_CHROMIUM names ${chosen}, and there is no such file. Correct it, or unset it.`);
  const found = chosen ?? candidates(machine).find(machine.exists);
  if (found) return found;
  const {chromium} = await import("playwright-core");
  const downloaded = chromium.executablePath();
  return downloaded && machine.exists(downloaded) ? downloaded : null;
}

/** Flags that give a headless Chromium WebGPU without a GPU (SwiftShader), and keep it from the network. */
export const chromiumFlags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
];
