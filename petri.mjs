// The one entry of every command. It runs before anything is installed, so it imports only Node's own modules.
import {spawnSync} from "node:child_process";
import {existsSync, lstatSync, readFileSync} from "node:fs";
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

function npm(args) {
  const {status} = spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    // A command's own output is all there is on stdout.
    stdio: ["inherit", 2, 2],
    // npm is a script on Windows.
    shell: process.platform === "win32"
  });
  return status === 0;
}

function install() {
  // npm would empty the folder that a link leads to, which is another project's.
  if (lstatSync(join(root, "node_modules"), {throwIfNoEntry: false})?.isSymbolicLink()) {
    console.error(
      "node_modules is a link to a folder that holds other packages. Remove the link, or install there."
    );
    process.exit(1);
  }
  console.error("Installing packages ...");
  // `npm ci` refuses a lock file that it finds incomplete, which a registry without some platforms' packages causes.
  if (npm(["ci"]) || npm(["install", "--no-save"])) return;
  console.error(
    `The packages could not be installed; npm's message above says why. Try \`npm ci\` in ${root}.`
  );
  process.exit(1);
}

requireNode(20, 19);
if (!isInstalled()) install();

const {register} = await import("tsx/esm/api");
register();
const {main} = await import(pathToFileURL(join(root, "src/cli/main.ts")).href);
await main(process.argv.slice(2));
