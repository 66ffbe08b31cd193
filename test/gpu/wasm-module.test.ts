import {readFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {compileWasmModule} from "../../src/cli/wasm-module.ts";
import {BINARY} from "../../src/gpu/wasm/binary.ts";

test("the WebAssembly in the repository is what its sources say", async () => {
  const committed = await readFile(join(import.meta.dirname, "../../src/gpu/wasm/binary.ts"), "utf8");
  expect(await compileWasmModule(), "Run `npm run wasm`.").toBe(committed);
}, 60_000);

test("the WebAssembly keeps nothing in tfjs's memory: it brings no data, and asks for memory and logarithms alone", () => {
  const module = new WebAssembly.Module(Buffer.from(BINARY, "base64"));
  expect(
    WebAssembly.Module.imports(module)
      .map(({name}) => name)
      .sort()
  ).toEqual(["log", "memory"]);
  expect(sections(Buffer.from(BINARY, "base64"))).not.toContain(11);
});

/** The numbers of a module's sections; data is number 11. */
function sections(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 8; at < bytes.length; ) {
    found.push(bytes[at++] as number);
    let [size, shift] = [0, 0];
    for (let more = true; more; shift += 7) {
      const byte = bytes[at++] as number;
      size |= (byte & 0x7f) << shift;
      more = byte > 0x7f;
    }
    at += size;
  }
  return found;
}
