import {createServer} from "vite";
import {createHandler} from "../../publish/server/handler.ts";
import {readArguments} from "../arguments.ts";
import {notebooksRoot} from "../notebooks-root.ts";
import {npmSource} from "../npm-source.ts";
import {projectRoot} from "../project.ts";

/** `petri dev`: Vite's development server, with the workbench's own interface behind it. */
export async function dev(args: string[]): Promise<void> {
  const {values} = readArguments(args, {port: {type: "string"}, root: {type: "string"}});
  const notebooks = await notebooksRoot(values.root);
  const handle = createHandler({app: null, notebooks, npm: npmSource(notebooks)});
  const ours = /^\/(api|notebooks|npm)\//;
  const server = await createServer({
    root: projectRoot,
    configFile: `${projectRoot}vite.config.ts`,
    server: {port: Number(values.port ?? 5173)},
    plugins: [
      {
        name: "petri:server",
        configureServer: ({middlewares}) => {
          middlewares.use((request, response, next) => {
            if (ours.test(request.url ?? "")) void handle(request, response);
            else next();
          });
        }
      }
    ]
  });
  await server.listen();
  server.printUrls();
}
