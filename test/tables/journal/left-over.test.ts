import {expect, test} from "vitest";
import {readAll, writeAll} from "../../../src/tables/journal/files.ts";
import {LocalJournal} from "../../../src/tables/journal/local-journal.ts";
import {MemoryFiles} from "../../../src/tables/journal/memory-files.ts";
import {contents, metrics, metricsOf} from "./support.ts";

const open = (files: MemoryFiles) =>
  new LocalJournal(files, {role: "leader", compactAfter: Number.POSITIVE_INFINITY}).ready();

test("a sorted segment that a compaction replaced and a crash kept from being removed counts no more", async () => {
  const files = new MemoryFiles();
  const first = await open(files);
  const records = [metrics("a"), metrics("b")];
  await first.append(records[0]);
  await first.compact();
  const replaced = (await files.list()).filter((name) => name.includes(".sorted"));
  const bytes = await Promise.all(replaced.map((name) => readAll(files, name)));
  await first.append(records[1]);
  await first.compact();
  await first.close();
  for (const [i, name] of replaced.entries()) {
    expect(await files.size(name)).toBe(0);
    await writeAll(files, name, bytes[i] as Uint8Array);
  }
  const again = await open(files);
  expect((await contents(again)).metrics).toEqual(metricsOf(...records));
  expect(again.status.repaired).toEqual([]);
});
