import {type DBSchema, type IDBPDatabase, openDB} from "idb";
import type {Draft} from "./types.ts";

/** A notebook that lives in the browser, or the mark that a published one was deleted here (`text` null). */
export interface BrowserRecord {
  name: string;
  text: string | null;
  version: string;
  modifiedAt: number;
}

/** When a notebook last ran here, on what, and what it looked like. */
export interface LastRun {
  name: string;
  /** Milliseconds since the epoch. */
  at: number;
  durationMs: number;
  /** The backend's name and adapter; empty when nothing was trained. */
  backend: string;
  adapter: string;
  errors: number;
  /** The last result as a data URL, empty when there was none to show. */
  picture: string;
}

interface Schema extends DBSchema {
  notebooks: {key: string; value: BrowserRecord};
  drafts: {key: [string, string]; value: Draft; indexes: {name: string}};
  lastRuns: {key: string; value: LastRun};
}

export type PetriDatabase = IDBPDatabase<Schema>;

/** Opens the IndexedDB database of this origin; the same promise may be shared by all stores. */
export function openDatabase(name = "petri"): Promise<PetriDatabase> {
  return openDB<Schema>(name, 1, {
    upgrade(database) {
      database.createObjectStore("notebooks", {keyPath: "name"});
      database.createObjectStore("drafts", {keyPath: ["name", "tab"]}).createIndex("name", "name");
      database.createObjectStore("lastRuns", {keyPath: "name"});
    }
  });
}
