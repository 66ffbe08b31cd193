import {type ChildProcess, spawn} from "node:child_process";
import {type Browser, type BrowserContext, chromium} from "playwright-core";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";

/** A Chromium with a profile on disk that can be killed as a power cut does it: all its processes at once. */
export interface CrashBrowser {
  browser: Browser;
  /** The profile's own context: what its pages store is on disk. */
  context: BrowserContext;
  /** Sends SIGKILL to every process of the browser; resolves when the browser is gone. */
  kill(): Promise<void>;
  /** Ends it the polite way. */
  close(): Promise<void>;
}

/** Without a GPU: what is written does not depend on it, and a start takes half the time. */
const flags = chromiumFlags.filter((flag) => !flag.includes("webgpu"));

/**
 * Starts a Chromium on a profile folder. It leads a process group of its own, which Playwright's own launch does not
 * give away.
 */
export async function startCrashBrowser(profile: string): Promise<CrashBrowser> {
  const child = spawn(
    await ensureChromium(),
    ["--headless=new", `--user-data-dir=${profile}`, "--remote-debugging-port=0", ...flags, "about:blank"],
    {detached: true, stdio: ["ignore", "ignore", "pipe"]}
  );
  const release = killWithThisProcess(child);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve())).finally(release);
  const kill = async () => {
    killGroup(child);
    await gone;
  };
  try {
    const browser = await chromium.connectOverCDP(await debuggerAddress(child));
    const [context] = browser.contexts();
    context.setDefaultTimeout(60_000);
    const close = async () => {
      const session = await browser.newBrowserCDPSession();
      await Promise.all([session.send("Browser.close").catch(() => {}), gone]);
    };
    return {browser, context, kill, close};
  } catch (error) {
    await kill();
    throw error;
  }
}

/** What Chromium says on stderr when it listens. */
async function debuggerAddress(child: ChildProcess): Promise<string> {
  let said = "";
  for await (const chunk of child.stderr ?? []) {
    said += chunk;
    const address = /DevTools listening on (ws:\S+)/.exec(said)?.[1];
    if (!address) continue;
    // What it says from here on goes nowhere, and must not fill the pipe.
    child.stderr?.resume();
    return address;
  }
  throw new Error(`Chromium ended before it could be driven. It said:\n${said}`);
}

/** A group of its own outlives whoever started it: a torture that is interrupted must not leave a browser that writes. */
function killWithThisProcess(child: ChildProcess): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const onExit = () => killGroup(child);
  const onSignal = (signal: NodeJS.Signals) => {
    release();
    killGroup(child);
    process.kill(process.pid, signal);
  };
  const release = () => {
    process.off("exit", onExit);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on("exit", onExit);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}

function killGroup({pid}: ChildProcess): void {
  if (pid === undefined) return;
  try {
    if (process.platform === "win32") spawn("taskkill", ["/pid", String(pid), "/T", "/F"]);
    else process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It had ended by itself.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
