import {createServer, type Server} from "node:http";
import type {AddressInfo} from "node:net";

interface ServerRun {
  info: {
    run_id: string;
    experiment_id: string;
    run_name: string;
    status: string;
    start_time: number;
    end_time?: number;
  };
  data: {params: {key: string; value: string}[]; tags: {key: string; value: string}[]};
  history: {key: string; value: number | string; timestamp: number; step: number}[];
}

type Body = Record<string, never> & {[name: string]: unknown};

/** As much of MLflow's REST API as an export and an import use, with its limits, so that breaking one fails. */
export class FakeMlflow {
  readonly experiments: {experiment_id: string; name: string}[] = [{experiment_id: "0", name: "Default"}];
  readonly runs: ServerRun[] = [];
  requests = 0;
  /** Answers so from this request on. */
  failFrom = Number.POSITIVE_INFINITY;
  private readonly server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const url = new URL(request.url ?? "/", "http://localhost");
    const body = text ? JSON.parse(text) : Object.fromEntries(url.searchParams);
    this.requests++;
    const [status, answer] =
      this.requests >= this.failFrom
        ? [503, {error_code: "UNAVAILABLE"}]
        : this.answer(url.pathname, body, text.length);
    response.writeHead(status as number, {"content-type": "application/json"}).end(JSON.stringify(answer));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(path: string, body: Body, bytes: number): [number, unknown] {
    const verb = path.replace("/api/2.0/mlflow/", "");
    const page = <T>(name: string, all: readonly T[]): [number, unknown] => {
      const from = Number(body.page_token ?? 0);
      const to = from + Number(body.max_results ?? 1000);
      return [200, {[name]: all.slice(from, to), ...(to < all.length ? {next_page_token: String(to)} : {})}];
    };
    const quoted = /= '(.*)'$/.exec(String(body.filter ?? ""))?.[1].replaceAll("''", "'");
    switch (verb) {
      case "experiments/search":
        return page(
          "experiments",
          this.experiments.filter(({name}) => quoted === undefined || name === quoted)
        );
      case "experiments/create":
        this.experiments.push({experiment_id: String(this.experiments.length), name: String(body.name)});
        return [200, {experiment_id: String(this.experiments.length - 1)}];
      case "runs/search":
        return page(
          "runs",
          this.runs
            .filter(({info}) => (body.experiment_ids as unknown as string[]).includes(info.experiment_id))
            .filter(({data}) => quoted === undefined || data.tags.some(({value}) => value === quoted))
            .map(({info, data, history}) => ({
              info,
              data: {...data, metrics: [...new Map(history.map((row) => [row.key, row])).values()]}
            }))
        );
      case "runs/create": {
        const {experiment_id, run_name, start_time} = body as unknown as ServerRun["info"];
        const run_id = this.runs.length.toString().padStart(32, "f");
        const info = {run_id, experiment_id, run_name, status: "RUNNING", start_time};
        this.runs.push({info, data: {params: [], tags: []}, history: []});
        return [200, {run: {info}}];
      }
      case "runs/log-batch":
        return this.log(body as unknown as Parameters<FakeMlflow["log"]>[0], bytes);
      case "runs/update": {
        const {run_id, ...rest} = body as unknown as ServerRun["info"];
        Object.assign(this.run(run_id).info, rest);
        return [200, {}];
      }
      case "metrics/get-history":
        return page(
          "metrics",
          this.run(String(body.run_id)).history.filter(({key}) => key === body.metric_key)
        );
      default:
        return [404, {error_code: "ENDPOINT_NOT_FOUND"}];
    }
  }

  private run(id: string): ServerRun {
    const run = this.runs.find(({info}) => info.run_id === id);
    if (!run) throw new Error(`no run ${id}`);
    return run;
  }

  private log(
    {run_id, metrics, params, tags}: {run_id: string; metrics: ServerRun["history"]} & ServerRun["data"],
    bytes: number
  ): [number, unknown] {
    const total = metrics.length + params.length + tags.length;
    const isTooMuch = bytes > 1_000_000 || total > 1000 || params.length > 100 || tags.length > 100;
    if (isTooMuch)
      return [400, {error_code: "INVALID_PARAMETER_VALUE", message: "A batch is over the limits"}];
    if (metrics.some(({value}) => value === null)) return [400, {error_code: "INVALID_PARAMETER_VALUE"}];
    const run = this.run(run_id);
    run.history.push(...metrics);
    run.data.params.push(...params);
    run.data.tags.push(...tags);
    return [200, {}];
  }
}
