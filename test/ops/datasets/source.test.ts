import {afterEach, beforeEach, describe, expect, test, vi} from "vitest";
import {
  configureDatasets,
  DatasetError,
  MissingDataError,
  readSource,
  sha256
} from "../../../src/ops/datasets/index.ts";
import {bytesOf, folderOf, gzipped} from "./files.ts";

const content = bytesOf("12 apples");
const textOf = async (source: Parameters<typeof readSource>[0]) =>
  new TextDecoder().decode((await readSource(source)).bytes);

beforeEach(() =>
  configureDatasets({fetchBytes: async (path) => (path === "a.gz" ? gzipped(content) : content)})
);
afterEach(() => vi.unstubAllGlobals());

describe("readSource", () => {
  test.each([
    ["a path", "data/a.csv"],
    ["a packed path", "a.gz"],
    ["a File", new File([content], "a.csv")],
    ["a Blob, packed", new Blob([gzipped(content)])],
    ["bytes", content],
    ["a buffer", content.buffer],
    ["a view of other bytes", new DataView(bytesOf("<12 apples>").buffer, 1, 9)],
    ["a FileAttachment", {name: "a.csv", arrayBuffer: async () => content.buffer}],
    ["a data: address", "data:text/plain,12 apples"]
  ])("reads %s", async (_, source) => {
    expect(await textOf(source)).toBe("12 apples");
  });

  test("reads a file handle", async () => {
    expect(await textOf(await folderOf({"a.csv": content}).getFileHandle("a.csv"))).toBe("12 apples");
  });

  test("fetches addresses of this origin, and no others", async () => {
    const fetched: string[] = [];
    vi.stubGlobal("location", {href: "http://here.test/x/", origin: "http://here.test"});
    vi.stubGlobal("fetch", async (url: URL) => {
      fetched.push(url.href);
      return new Response(url.pathname === "/gone" ? null : content, {
        status: url.pathname === "/gone" ? 404 : 200
      });
    });
    expect(await textOf("/data/a.csv")).toBe("12 apples");
    expect(await textOf(new URL("http://here.test/b.csv"))).toBe("12 apples");
    expect(fetched).toEqual(["http://here.test/data/a.csv", "http://here.test/b.csv"]);
    await expect(textOf("https://elsewhere.test/a.csv")).rejects.toThrow(
      "expected an address on http://here.test, got one on elsewhere.test. Nothing is fetched from elsewhere: download"
    );
    await expect(textOf("/gone")).rejects.toThrow(MissingDataError);
    expect(fetched.length).toBe(3);
  });

  test("refuses a file that announces more than can be held", async () => {
    vi.stubGlobal("location", {href: "http://here.test/", origin: "http://here.test"});
    vi.stubGlobal("fetch", async () => new Response("x", {headers: {"content-length": "99999999999"}}));
    await expect(textOf("/large")).rejects.toThrow("/large has 99999999999 bytes; at most 1073741824");
  });

  describe("an answer of a server", () => {
    const answer = (body: ReadableStream | string, headers: Record<string, string> = {}) => {
      vi.stubGlobal("location", {href: "http://here.test/", origin: "http://here.test"});
      vi.stubGlobal("fetch", async () => new Response(body, {headers}));
    };

    test("that announces no length is left as soon as it is too long", async () => {
      configureDatasets({fetchBytes: async () => content, largestFile: 10_000});
      let given = 0;
      let left = false;
      answer(
        new ReadableStream({
          pull(controller) {
            given += 1000;
            controller.enqueue(new Uint8Array(1000));
          },
          cancel() {
            left = true;
          }
        })
      );
      await expect(textOf("/endless")).rejects.toThrow(
        "/endless has 11000 or more bytes; at most 10000 are read at once. Split the file."
      );
      expect(given).toBeLessThan(20_000);
      expect(left).toBe(true);
    });

    test("of exactly the largest size is read", async () => {
      configureDatasets({fetchBytes: async () => content, largestFile: content.length});
      answer("12 apples");
      expect(await textOf("/a")).toBe("12 apples");
    });

    test("that breaks off is an error with its length", async () => {
      let pulls = 0;
      answer(
        new ReadableStream({
          pull(controller) {
            if (pulls++ === 0) controller.enqueue(bytesOf("12 app"));
            else controller.error(new TypeError("terminated."));
          }
        })
      );
      const error = await textOf("/a").catch((thrown) => thrown);
      expect(error).toBeInstanceOf(DatasetError);
      expect(error.message).toContain(
        "/a: expected a whole file, and the server's answer ended after 6 bytes"
      );
      expect(error.message).toContain("terminated. Try again");
    });

    test("shorter than announced is an error, except where it was packed for the way", async () => {
      answer("12 apples", {"content-length": "100"});
      await expect(textOf("/a")).rejects.toThrow("ended after 9 bytes: 100 were announced.");
      answer("12 apples", {"content-length": "100", "content-encoding": "gzip"});
      expect(await textOf("/a")).toBe("12 apples");
    });

    test("that never came is told", async () => {
      answer("");
      vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
      const error = await textOf("/a").catch((thrown) => thrown);
      expect(error).toBeInstanceOf(MissingDataError);
      expect(error.message).toBe("/a could not be fetched: Failed to fetch");
    });
  });

  test("unpacks no more than the largest size where no header says more", async () => {
    configureDatasets({fetchBytes: async () => content, largestFile: 10_000});
    await expect(readSource(gzipped(new Uint8Array(1_000_000)))).rejects.toThrow(
      "expected at most 10000 bytes when unpacked"
    );
  });

  test("says of the notebooks' folder what is too large, and not that it is missing", async () => {
    configureDatasets({fetchBytes: () => Promise.reject(new DatasetError("too large"))});
    await expect(textOf("data/a.csv")).rejects.toThrow(/^too large$/);
  });

  test("says which picked file can no longer be read", async () => {
    const gone = () => Promise.reject(new DOMException("it was moved.", "NotFoundError"));
    for (const source of [
      {kind: "file", name: "a.csv", getFile: gone},
      {name: "a.csv", arrayBuffer: gone}
    ]) {
      const error = await textOf(source as never).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(MissingDataError);
      expect(error.message).toContain("a.csv could not be read: it was moved.");
    }
  });

  test("refuses a file that is too large before it is read", async () => {
    const file = new File(["x"], "large.bin");
    Object.defineProperty(file, "size", {value: 2 ** 31});
    await expect(textOf(file)).rejects.toThrow(
      "large.bin has 2147483648 bytes; at most 1073741824 are read at once"
    );
  });

  test("says which file of the notebooks' folder is missing", async () => {
    configureDatasets({fetchBytes: () => Promise.reject(new Error("the server answered 404."))});
    const error = await textOf("data/none.csv").catch((thrown) => thrown);
    expect(error).toBeInstanceOf(MissingDataError);
    expect(error.message).toContain(
      "data/none.csv could not be read from the notebooks' folder: the server answered 404."
    );
  });

  test("a web page in the place of a file is no file", async () => {
    const page = bytesOf("<!DOCTYPE html>\n<html></html>");
    configureDatasets({fetchBytes: async () => page});
    await expect(textOf("data/a.csv")).rejects.toThrow(MissingDataError);
    await expect(textOf("data/a.txt")).rejects.toThrow("the server answered with a web page");
    configureDatasets({fetchBytes: async () => bytesOf(`\n${" ".repeat(60)}<HTML lang="en">`)});
    await expect(textOf("data/a.csv")).rejects.toThrow("the server answered with a web page");
    configureDatasets({fetchBytes: async () => page});
    expect(await textOf("data/page.html")).toContain("<html>");
    expect(await textOf(page)).toContain("<html>");
  });

  test("what is no address is told", async () => {
    await expect(textOf("http://")).rejects.toThrow("Expected a path or an address, got “http://”");
  });

  test.each([[null], [7], [{}]])("refuses %o", async (source) => {
    await expect(textOf(source as never)).rejects.toThrow(
      "Expected a path, a URL, a file, a file handle or bytes"
    );
  });

  test("unpacks no more than a whole file may hold", async () => {
    const {gunzip} = await import("../../../src/ops/datasets/readers/gunzip.ts");
    const bomb = gzipped(new Uint8Array(20_000_000));
    expect(bomb.length).toBeLessThan(20_000);
    await expect(gunzip("bomb.gz", bomb, () => 100_000)).rejects.toThrow(
      "bomb.gz: expected at most 100000 bytes when unpacked"
    );
  });

  const cut = gzipped(bytesOf("a text that is long enough to be packed".repeat(20)));
  test.each([2, 9, 10, 15, cut.length - 9, cut.length - 8, cut.length - 1])(
    "gzip cut after %i bytes",
    async (length) => {
      const error = await readSource(cut.slice(0, length)).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(DatasetError);
      expect(error.message).toContain(`All ${length} stored bytes were read`);
    }
  );

  test("gzip with a wrong checksum", async () => {
    const wrong = cut.slice();
    wrong[wrong.length - 6] = (wrong[wrong.length - 6] ?? 0) ^ 1;
    await expect(readSource(wrong)).rejects.toThrow("gzip data is damaged");
  });
});

describe("content whose hash is given", () => {
  test("is refused when it is other content", async () => {
    const hash = await sha256(bytesOf("other"));
    await expect(readSource({source: "data/a.csv", sha256: hash})).rejects.toThrow(
      `expected content with the SHA-256 ${hash}, got ${await sha256(content)}`
    );
  });

  test("may be written in capitals", async () => {
    const hash = (await sha256(content)).toUpperCase();
    expect(await textOf({source: "data/a.csv", sha256: hash})).toBe("12 apples");
  });

  test("is kept in the browser's cache, packed as it came", async () => {
    const kept = new Map<string, Response>();
    const cache = {
      match: async (address: string) => kept.get(address)?.clone(),
      put: async (address: string, response: Response) => void kept.set(address, response)
    };
    vi.stubGlobal("caches", {open: async () => cache});
    const hash = await sha256(content);
    expect(await textOf({source: "a.gz", sha256: hash})).toBe("12 apples");
    configureDatasets({fetchBytes: () => Promise.reject(new Error("offline"))});
    expect(await textOf({source: "a.gz", sha256: hash})).toBe("12 apples");
    expect([...kept.keys()]).toEqual([`/petri-datasets/${hash}`]);
  });
});
