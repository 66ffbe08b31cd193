import type {LocalJournal} from "./local-journal.ts";
import {type BetweenTabs, sendable} from "./protocol.ts";

type Message = BetweenTabs extends infer M ? (M extends unknown ? Omit<M, "from"> : never) : never;

/** How tabs talk to each other: what one posts, all others hear. A BroadcastChannel. */
export interface Channel {
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: {data: unknown}) => void): void;
  removeEventListener(type: "message", listener: (event: {data: unknown}) => void): void;
}

/** Lets other tabs write to, and learn from, the journal of this one, which is called `name`. Returns the way to stop. */
export function serveFollowers(journal: LocalJournal, channel: Channel, name: string): () => void {
  const followers = new Set<string>();
  const post = (message: Message) => channel.postMessage({from: name, ...message});
  const tellStatus = () => {
    if (followers.size > 0) post({type: "status", status: journal.status});
  };
  /** Records of followers that are only in this tab's memory, while the disk refuses. */
  let unwritten: {to: string; number: number}[] = [];
  const tellWritten = () => {
    if (journal.status.failure) return;
    for (const {to, number} of unwritten) post({type: "written", to, number});
    unwritten = [];
  };
  const stops = [
    journal.onWritten((written) => {
      if (followers.size > 0) post({type: "told", written});
    }),
    journal.subscribe(tellStatus),
    journal.subscribe(tellWritten)
  ];
  const answer = (to: string, id: number, work: Promise<unknown>) => {
    work.then(
      (value) => post({type: "answer", to, id, value: value as never}),
      (error: unknown) => post({type: "answer", to, id, error: sendable(error)})
    );
  };
  const hear = ({data}: {data: unknown}) => {
    const message = data as BetweenTabs;
    const {from, to} = message;
    if (to !== undefined && to !== name) return;
    switch (message.type) {
      case "hello":
        followers.add(from);
        post({type: "leads", to: from, status: journal.status});
        break;
      case "bye":
        followers.delete(from);
        break;
      case "append": {
        const {record, origin} = message;
        const {number} = origin;
        journal.write(record, origin).then(
          () => {
            unwritten.push({to: from, number});
            if (journal.status.failure) post({type: "kept", to: from, number});
            else tellWritten();
          },
          (error: unknown) => post({type: "written", to: from, number, error: sendable(error)})
        );
        break;
      }
      case "parts":
        answer(from, message.id, journal.parts());
        break;
      case "deleteRuns":
        answer(from, message.id, journal.deleteRuns(message.runIds, message.tab));
        break;
      case "compact":
        answer(from, message.id, journal.compact());
        break;
      case "measure":
        answer(from, message.id, journal.measure());
        break;
    }
  };
  channel.addEventListener("message", hear);
  // Tabs that followed another one say who they are.
  post({type: "leads", status: journal.status});
  return () => {
    channel.removeEventListener("message", hear);
    for (const stop of stops) stop();
  };
}
