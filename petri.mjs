// The one entry of every command. It runs before anything is installed, so it imports only Node's own modules.
import {spawnSync} from "node:child_process";
import {existsSync, readFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath, pathToFileURL} from "node:url";

const root = dirname(fileURLToPath(import.meta.url));

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split(".").map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  console.error(
    `Petri needs Node ${major}.${minor} or newer; this is ${process.versions.node}. Get it at https://nodejs.org/.`
  );
  process.exit(1);
}

function readLock(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : null;
}

/** True when every package of the lock file lies in node_modules in the version that the lock file names.
 * Times are no guide: a checkout touches the lock file, and npm writes the two files in either order. */
function isInstalled() {
  const installed = readLock(join(root, "node_modules/.package-lock.json"));
  if (!installed) return false;
  const wanted = Object.entries(readLock(join(root, "package-lock.json")));
  return wanted.every(
    ([path, {version, optional}]) => path === "" || optional || installed[path]?.version === version
  );
}

function install() {
  console.log("Installing packages (npm ci) ...");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const {status, error} = spawnSync(npm, ["ci", "--no-audit", "--no-fund"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32"
  });
  if (status === 0) return;
  console.error(`\`npm ci\` failed${error ? `: ${error.message}` : ""}. Run it in ${root} to see why.`);
  process.exit(1);
}

requireNode(20, 19);
if (!isInstalled()) install();

const {register} = await import("tsx/esm/api");
register();
const {main} = await import(pathToFileURL(join(root, "src/cli/main.ts")).href);
await main(process.argv.slice(2));
