import {createHash} from "node:crypto";
import {mkdir, readdir, readFile, writeFile} from "node:fs/promises";
import {join} from "node:path";
import {expect, test} from "vitest";
import {one, runningServer} from "./support/running-server.ts";

const version = createHash("sha256").update(one).digest("hex");
const write = {"X-Petri": "1", "Content-Type": "text/html"};

test("shows the page, its files for good, and the notebooks with their version", async () => {
  const {ask} = await runningServer();
  expect((await ask("/")).body).toContain("Petri");
  const wasm = await ask("/assets/module-abc.wasm");
  expect(wasm.headers).toMatchObject({
    "content-type": "application/wasm",
    "cache-control": expect.stringContaining("immutable")
  });
  const notebook = await ask("/notebooks/one.html");
  expect(notebook.body).toBe(one);
  expect(notebook.headers.etag).toBe(`"${version}"`);
  expect((await ask("/notebooks/one.html", {headers: {"If-None-Match": `"${version}"`}})).status).toBe(304);
});

test("isolates the page, so that wasm may have threads", async () => {
  const {ask} = await runningServer();
  expect((await ask("/")).headers).toMatchObject({
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "credentialless"
  });
});

test("a notebook's file opened by itself runs nothing", async () => {
  const {ask} = await runningServer();
  expect((await ask("/notebooks/one.html")).headers["content-security-policy"]).toBe("sandbox");
});

test("lists notebooks with title and first paragraph", async () => {
  const {ask} = await runningServer();
  const {notebooks} = JSON.parse((await ask("/api/notebooks")).body);
  expect(notebooks).toEqual([
    {
      name: "one",
      title: "One",
      summary: "The first paragraph.",
      modifiedAt: expect.any(Number),
      sizeBytes: one.length
    }
  ]);
});

test("hands out packages, and says what to do about a missing one", async () => {
  const {ask} = await runningServer();
  expect((await ask("/npm/known@%5E1.js")).status).toBe(200);
  const unknown = await ask("/npm/unknown.js");
  expect(unknown.status).toBe(404);
  expect(JSON.parse(unknown.body).error.message).toBe("run: npm install unknown");
});

test.each([
  "/notebooks/../secret.html",
  "/notebooks/%2e%2e/secret.html",
  "/notebooks/..%2fsecret.html",
  "/notebooks/..%5csecret.html",
  "/notebooks/..\\secret.html",
  "/notebooks/data/../../secret.html",
  "/notebooks/link.html",
  "/notebooks/up/secret.html",
  "/notebooks//secret.html",
  "/notebooks/%00secret.html",
  "/notebooks/%zz",
  "/../secret.html",
  "/assets/../../secret.html",
  "//secret.html"
])("does not show %s", async (path) => {
  const {ask} = await runningServer();
  const answer = await ask(path);
  expect(answer.status).toBe(404);
  expect(answer.body).not.toContain("secret</notebook>");
  expect(JSON.parse(answer.body).error.name).toBe("HttpError");
});

test.each([
  ["a name that someone points at the loopback address", {Host: "evil.example"}],
  ["another origin", {Origin: "https://evil.example"}],
  ["another port of this machine", {Origin: "http://127.0.0.1:1"}],
  ["an opaque origin", {Origin: "null"}]
])("refuses reads from %s", async (_name, headers) => {
  const {ask} = await runningServer();
  expect((await ask("/api/notebooks", {headers: headers as Record<string, string>})).status).toBe(403);
});

test.each([
  ["without the header", {"If-None-Match": "*"}],
  ["from another site", {"If-None-Match": "*", "X-Petri": "1", "Sec-Fetch-Site": "cross-site"}],
  ["from another origin", {"If-None-Match": "*", "X-Petri": "1", Origin: "http://localhost:1"}],
  ["through another name", {"If-None-Match": "*", "X-Petri": "1", Host: "evil.example"}]
])("refuses writes %s", async (_name, headers) => {
  const {ask, notebooks} = await runningServer();
  const answer = await ask("/api/notebooks/new", {
    method: "PUT",
    headers: headers as Record<string, string>,
    body: one
  });
  expect(answer.status).toBe(403);
  expect(await readdir(notebooks)).not.toContain("new.html");
});

test("writes what the page sends, and leaves nothing beside it", async () => {
  const {ask, notebooks, host} = await runningServer();
  const headers = {...write, Origin: `http://${host}`, "If-Match": `"${version}"`};
  const answer = await ask("/api/notebooks/one", {method: "PUT", headers, body: "<notebook>2</notebook>"});
  expect(JSON.parse(answer.body)).toEqual({
    version: createHash("sha256").update("<notebook>2</notebook>").digest("hex")
  });
  expect(await readFile(join(notebooks, "one.html"), "utf8")).toBe("<notebook>2</notebook>");
  expect((await readdir(notebooks)).sort()).toEqual(["data", "link.html", "one.html", "up"]);
});

test("never overwrites a newer text on disk, and sends it back", async () => {
  const {ask, notebooks} = await runningServer();
  await writeFile(join(notebooks, "one.html"), "<notebook>newer</notebook>");
  const headers = {...write, "If-Match": `"${version}"`};
  const answer = await ask("/api/notebooks/one", {method: "PUT", headers, body: "mine"});
  expect(answer.status).toBe(412);
  expect(JSON.parse(answer.body)).toMatchObject({
    text: "<notebook>newer</notebook>",
    version: expect.any(String)
  });
  expect(await readFile(join(notebooks, "one.html"), "utf8")).toBe("<notebook>newer</notebook>");
});

test("of two writers of one version, one wins and the other hears of it", async () => {
  const {ask} = await runningServer();
  const headers = {...write, "If-Match": `"${version}"`};
  const answers = await Promise.all(
    ["a", "b", "c"].map((body) => ask("/api/notebooks/one", {method: "PUT", headers, body}))
  );
  expect(answers.map(({status}) => status).sort()).toEqual([200, 412, 412]);
});

test("a new notebook takes no other's place", async () => {
  const {ask} = await runningServer();
  const headers = {...write, "If-None-Match": "*"};
  expect((await ask("/api/notebooks/sub/two", {method: "PUT", headers, body: one})).status).toBe(200);
  expect((await ask("/api/notebooks/sub/two", {method: "PUT", headers, body: one})).status).toBe(412);
});

test("lists notebooks as deep as they can be named, and those alone", async () => {
  const {ask, notebooks} = await runningServer();
  for (const folder of ["a/b/c", "node_modules/kit", "a/.hidden"]) {
    await mkdir(join(notebooks, folder), {recursive: true});
    await writeFile(join(notebooks, folder, "deep.html"), one);
  }
  await writeFile(join(notebooks, "a/b/two.html"), one);
  const {notebooks: entries} = JSON.parse((await ask("/api/notebooks")).body);
  expect(entries.map(({name}: {name: string}) => name)).toEqual(["a/b/two", "one"]);
  expect((await ask("/notebooks/a/b/two.html")).headers.etag).toBe(`"${version}"`);
});

test("a write must say what it changes", async () => {
  const {ask} = await runningServer();
  const answer = await ask("/api/notebooks/one", {method: "PUT", headers: write, body: one});
  expect(answer.status).toBe(428);
});

test.each(["..%2fout", "../out", ".hidden", "a/b/c/d", "link", "up/secret", "up/new/secret", "C:x"])(
  "does not write to %s",
  async (name) => {
    const {ask, folder} = await runningServer();
    const headers = {...write, "If-None-Match": "*"};
    expect((await ask(`/api/notebooks/${name}`, {method: "PUT", headers, body: "x"})).status).toBe(400);
    expect((await readdir(folder)).sort()).toEqual(["app", "notebooks", "secret.html"]);
    expect(await readFile(join(folder, "secret.html"), "utf8")).toContain("secret");
  }
);

test("refuses a body over the limit", async () => {
  const {ask, notebooks} = await runningServer();
  const headers = {...write, "If-None-Match": "*"};
  const body = "x".repeat(16 * 2 ** 20 + 1);
  const status = await ask("/api/notebooks/big", {method: "PUT", headers, body}).then(
    (answer) => answer.status,
    () => 413 // the server hangs up when it has read enough
  );
  expect(status).toBe(413);
  expect(await readdir(notebooks)).not.toContain("big.html");
});

test("renames and removes, each against a version", async () => {
  const {ask, notebooks} = await runningServer();
  const headers = {...write, "If-Match": `"${version}"`};
  const rename = (to: string) =>
    ask("/api/notebooks/one/rename", {method: "POST", headers, body: JSON.stringify({to})});
  expect((await rename("../two")).status).toBe(400);
  expect((await rename("two")).status).toBe(200);
  expect(await readFile(join(notebooks, "two.html"), "utf8")).toBe(one);
  expect((await rename("three")).status).toBe(412);
  const stale = {...write, "If-Match": '"00ff"'};
  expect((await ask("/api/notebooks/two", {method: "DELETE", headers: stale})).status).toBe(412);
  expect((await ask("/api/notebooks/two", {method: "DELETE", headers})).status).toBe(200);
  expect(await readdir(notebooks)).not.toContain("two.html");
});

test("listens on the loopback address only", async () => {
  const {address} = await runningServer();
  expect(new URL(address).hostname).toBe("127.0.0.1");
});
