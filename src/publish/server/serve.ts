import {createServer, type Server} from "node:http";
import type {AddressInfo} from "node:net";
import {createHandler, type HandlerOptions} from "./handler.ts";

export interface RunningServer {
  /** E.g. `http://127.0.0.1:7387/`. */
  address: string;
  close(): Promise<void>;
}

/**
 * Serves the workbench on the loopback address.
 * @param port 0 takes any free one
 * @throws the error of `listen`, with code EADDRINUSE when the port is taken
 */
export async function serve(options: HandlerOptions, port: number): Promise<RunningServer> {
  const handle = createHandler(options);
  const server = createServer((request, response) => void handle(request, response));
  await listen(server, port);
  const {port: actual} = server.address() as AddressInfo;
  return {address: `http://127.0.0.1:${actual}/`, close: () => close(server)};
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
