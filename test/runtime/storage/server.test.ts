import {expect, test} from "vitest";
import {openStorage} from "../../../src/runtime/storage/open.ts";
import {ServerStorage} from "../../../src/runtime/storage/server.ts";
import {ConflictError, NameError, NotFoundError, StorageError} from "../../../src/runtime/storage/types.ts";
import {versionOf} from "../../../src/runtime/storage/version.ts";

/** A storage over one canned answer, and what it asked. */
function answering(body: unknown, init: ResponseInit = {}) {
  const asked: {path: string; init: RequestInit}[] = [];
  const storage = new ServerStorage(async (path, request = {}) => {
    asked.push({path, init: request});
    return new Response(typeof body === "string" ? body : JSON.stringify(body), init);
  });
  return {storage, asked};
}

test("reads a notebook with the version of its ETag", async () => {
  const {storage, asked} = answering("<notebook>", {headers: {ETag: 'W/"abc"'}});
  expect(await storage.read("a/b")).toEqual({text: "<notebook>", version: "abc"});
  expect(asked[0].path).toBe("notebooks/a/b.html");
});

test("computes the version where the server gives none", async () => {
  const {storage} = answering("<notebook>");
  expect((await storage.read("a")).version).toBe(await versionOf("<notebook>"));
});

test("writes only over what was read, and marks the request as its own", async () => {
  const {storage, asked} = answering({version: "2"});
  expect(await storage.write("a", "text", {version: "1"})).toEqual({version: "2"});
  await storage.write("b", "text", {version: null});
  expect(asked[0]).toMatchObject({path: "api/notebooks/a", init: {method: "PUT", body: "text"}});
  expect(asked[0].init.headers).toMatchObject({"If-Match": '"1"', "X-Petri": "1"});
  expect(asked[1].init.headers).toMatchObject({"If-None-Match": "*"});
});

test("a conflict brings the text that is stored", async () => {
  const {storage} = answering({version: "9", text: "theirs"}, {status: 412});
  const error = await storage.write("a", "mine", {version: "1"}).catch((error) => error);
  expect(error).toBeInstanceOf(ConflictError);
  expect(error.current).toEqual({text: "theirs", version: "9"});
});

test("a conflict with a deleted file has no text", async () => {
  const {storage} = answering({version: null}, {status: 412});
  await expect(storage.write("a", "mine", {version: "1"})).rejects.toMatchObject({current: null});
});

test("says what is missing, refused or unreachable", async () => {
  await expect(answering("", {status: 404}).storage.read("a")).rejects.toThrow(NotFoundError);
  await expect(answering("no", {status: 403}).storage.write("a", "", {version: null})).rejects.toThrow(
    /403 no/
  );
  await expect(answering("").storage.read("../etc")).rejects.toThrow(NameError);
  const dead = new ServerStorage(() => Promise.reject(new TypeError("fetch failed")));
  await expect(dead.list()).rejects.toThrow(StorageError);
});

test("renames and removes by version", async () => {
  const {storage, asked} = answering({});
  await storage.rename("a", "b", {version: "1"});
  await storage.remove("b", {version: "1"});
  expect(asked[0]).toMatchObject({
    path: "api/notebooks/a/rename",
    init: {method: "POST", body: '{"to":"b"}'}
  });
  expect(asked[1]).toMatchObject({path: "api/notebooks/b", init: {method: "DELETE"}});
});

test("the browser keeps the notebooks where no server does", async () => {
  const database = Promise.reject(new Error("unused"));
  database.catch(() => {});
  const api = new Response('{"notebooks": []}', {headers: {"content-type": "application/json"}});
  const page = new Response("<html>", {headers: {"content-type": "text/html"}});
  const kindWith = async (response: Response) =>
    (await openStorage({fetch: async () => response.clone(), database})).kind;
  expect(await kindWith(api)).toBe("server");
  expect(await kindWith(page)).toBe("browser");
  expect(await kindWith(new Response("", {status: 404}))).toBe("browser");
});
