import {type RunningServer, serve} from "../../publish/server/serve.ts";
import {readArguments, UsageError} from "../arguments.ts";
import {builtApp} from "../built-app.ts";
import {notebooksRoot} from "../notebooks-root.ts";
import {npmSource} from "../npm-source.ts";
import {openBrowser} from "../open-browser.ts";

/** A port of its own, kept from start to start: the browser keeps unsaved edits by address. */
const usualPort = 7387;

/** `petri start`: serves the workbench, prints its address and opens it. */
export async function start(args: string[]): Promise<void> {
  const {values} = readArguments(args, {
    port: {type: "string"},
    root: {type: "string"},
    "no-open": {type: "boolean", default: false}
  });
  const port = readPort(values.port);
  const notebooks = await notebooksRoot(values.root);
  const app = await builtApp();
  const server = await serveOn(port, (wanted) => serve({app, notebooks, npm: npmSource(notebooks)}, wanted));
  console.log(`Petri is at ${server.address}`);
  if (!values["no-open"]) openBrowser(server.address);
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void server.close().then(() => process.exit(0)));
}

function readPort(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65536) return port;
  throw new UsageError(`--port must be a number from 0 (any free one) to 65535; got "${text}".`);
}

/** A port that was asked for must be had; the usual one gives way to any other. */
async function serveOn(
  port: number | undefined,
  listen: (port: number) => Promise<RunningServer>
): Promise<RunningServer> {
  try {
    return await listen(port ?? usualPort);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    if (port !== undefined)
      throw new UsageError(`Port ${port} is taken. Choose another, or 0 for any free one.`);
    return listen(0);
  }
}
