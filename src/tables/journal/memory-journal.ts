import {LocalJournal} from "./local-journal.ts";
import {MemoryFiles} from "./memory-files.ts";
import type {Journal} from "./types.ts";

/** A journal that is gone with the page; `failure` says why there is no other. */
export function openMemoryJournal(failure?: string): Journal {
  return new LocalJournal(new MemoryFiles(), {role: "memory", failure});
}
