import {mkdir, symlink, writeFile} from "node:fs/promises";
import {request} from "node:http";
import {join} from "node:path";
import {onTestFinished} from "vitest";
import {NpmModuleError} from "../../../src/publish/npm-modules.ts";
import {serve} from "../../../src/publish/server/serve.ts";
import {temporaryFolder} from "./temporary-folder.ts";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

interface Question {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** A server over a temporary folder: `one.html`, `data/table.csv`, and beside the notebooks a secret and a link to it. */
export async function runningServer() {
  const folder = await temporaryFolder();
  const [app, notebooks] = [join(folder, "app"), join(folder, "notebooks")];
  await mkdir(join(app, "assets"), {recursive: true});
  await mkdir(join(notebooks, "data"), {recursive: true});
  await writeFile(join(folder, "secret.html"), "<notebook>secret</notebook>");
  await writeFile(join(app, "index.html"), "<title>Petri</title>");
  await writeFile(join(app, "assets/module-abc.wasm"), "wasm");
  await writeFile(join(notebooks, "one.html"), one);
  await writeFile(join(notebooks, "data/table.csv"), "a,b\n1,2\n");
  await symlink(join(folder, "secret.html"), join(notebooks, "link.html"));
  await symlink(folder, join(notebooks, "up"));
  const npm = async (path: string) => {
    if (path === "known@^1.js") return join(app, "index.html");
    throw new NpmModuleError("run: npm install unknown");
  };
  const server = await serve({app, notebooks, npm}, 0);
  onTestFinished(() => server.close());
  const {host, port} = new URL(server.address);
  /** Sends the path as it is: `fetch` would tidy it up. */
  const ask = (path: string, {method = "GET", headers = {}, body}: Question = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const message = request({host: "127.0.0.1", port, path, method, headers}, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => {
          text += chunk;
        });
        response.on("end", () =>
          resolve({status: response.statusCode ?? 0, headers: response.headers, body: text})
        );
      });
      message.on("error", reject);
      message.end(body);
    });
  return {ask, folder, notebooks, host, address: server.address};
}

export const one = `<!doctype html>
<notebook theme="air">
  <title>One</title>
  <script id="1" type="text/markdown">
    # One

    The first *paragraph*.
  </script>
</notebook>
`;
