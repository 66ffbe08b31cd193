import {createServer} from "node:http";
import type {AddressInfo} from "node:net";
import {builtApp} from "../../../src/cli/built-app.ts";
import {npmSource} from "../../../src/cli/npm-source.ts";
import {projectRoot} from "../../../src/cli/project.ts";
import {createHandler} from "../../../src/publish/server/handler.ts";
import {buildBenchPage} from "../../support/bench-page.ts";

export interface WorkloadHost {
  /** The product. */
  address: string;
  /** A page of the bench on the same origin, so that it shares the journal of the product. */
  benchAddress: string;
  close(): Promise<void>;
}

/** Serves the built product over the bench's notebooks, and the bench's own page beside it. */
export async function serveWorkload(): Promise<WorkloadHost> {
  const notebooks = `${projectRoot}bench/tables/workload/notebooks`;
  const npm = npmSource(notebooks);
  const product = createHandler({app: await builtApp(), notebooks, npm});
  const bench = createHandler({app: await buildBenchPage("bench/tables/workload/page"), notebooks, npm});
  const server = createServer((request, response) => {
    const [, rest] = request.url?.match(/^\/workload(\/.*)$/) ?? [];
    if (rest === undefined) return void product(request, response);
    request.url = rest;
    void bench(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    address,
    benchAddress: `${address}workload/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
  };
}
