import {resolve} from "node:path";
import {serve} from "../../publish/server/serve.ts";
import {readArguments} from "../arguments.ts";
import {builtApp} from "../built-app.ts";
import {ensureChromium} from "../ensure-chromium.ts";
import {notebooksRoot} from "../notebooks-root.ts";
import {npmSource} from "../npm-source.ts";
import {projectRoot} from "../project.ts";
import {takeScreenshots} from "../screenshots.ts";

/** `petri screenshots`: the pictures in docs/screenshots. */
export async function screenshots(args: string[]): Promise<void> {
  const {values} = readArguments(args, {out: {type: "string", default: "docs/screenshots"}});
  const notebooks = await notebooksRoot(undefined);
  const chromium = await ensureChromium();
  const server = await serve({app: await builtApp(), notebooks, npm: npmSource(notebooks)}, 0);
  try {
    const folder = resolve(projectRoot, values.out);
    for await (const path of takeScreenshots(server.address, folder, chromium)) console.log(path);
  } finally {
    await server.close();
  }
}
