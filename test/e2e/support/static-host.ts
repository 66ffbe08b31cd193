import {readFile} from "node:fs/promises";
import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {onTestFinished} from "vitest";
import {mediaType} from "../../../src/publish/server/media-types.ts";
import {safePath} from "../../../src/publish/server/safe-path.ts";

/**
 * A plain host of static files, as one rents them: a folder under a path, media types, nothing else. `cut` takes it off
 * the network.
 */
export async function staticHost(base: string, folderOf: () => string) {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = (request.url ?? "").replace(/[?#].*$/, "");
    asked.push(path);
    const rest = path.startsWith(base) ? path.slice(base.length) || "index.html" : null;
    const file = rest === null ? null : await safePath(folderOf(), rest);
    if (file === null) response.writeHead(404).end("not found");
    else response.writeHead(200, {"Content-Type": mediaType(file)}).end(await readFile(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(cut);
  const {port} = server.address() as AddressInfo;
  return {address: `http://127.0.0.1:${port}${base}`, asked, cut};
}
