import {readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import asc from "assemblyscript/asc";
import {projectRoot} from "./project.ts";

const SOURCE = "src/gpu/wasm/assembly/index.ts";
const TARGET = join(projectRoot, "src/gpu/wasm/binary.ts");

/** The file that holds our WebAssembly, as its sources and the compiler make it. Throws what the compiler says is wrong. */
export async function compileWasmModule(): Promise<string> {
  const outputs = new Map<string, Uint8Array>();
  const {error, stderr} = await asc.main(
    [
      SOURCE,
      ...[
        "--outFile",
        "module.wasm",
        "--runtime",
        "stub",
        "--enable",
        "simd,bulk-memory",
        "-O3",
        "--noAssert"
      ],
      // Memory is tfjs's: nothing of ours lies in it.
      ...["--importMemory", "--noExportMemory", "--maximumMemory", "65536"]
    ],
    {
      readFile: (name, folder) => readFile(join(projectRoot, folder, name), "utf8").catch(() => null),
      writeFile: (name, contents) => void outputs.set(name, contents as Uint8Array),
      listFiles: () => []
    }
  );
  const binary = outputs.get("module.wasm");
  if (error || !binary) throw new Error(`AssemblyScript could not compile ${SOURCE}.\n${stderr}`);
  const text = Buffer.from(binary).toString("base64");
  return `// Made from assembly/ by \`npm run wasm\`; test/gpu/wasm-module.test.ts compares.\nexport const BINARY =\n  "${text}";\n`;
}

/** `petri wasm`: compiles our WebAssembly. */
export async function wasm(): Promise<void> {
  await writeFile(TARGET, await compileWasmModule());
}
