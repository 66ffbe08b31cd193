import {serveJournal, type WorkerScope} from "./tables/journal/worker.ts";

serveJournal(globalThis as unknown as WorkerScope);
