import {ImportError} from "./import-error.ts";
import {
  asDouble,
  asFloat,
  asText,
  double,
  message,
  nested,
  readFields,
  type Wire,
  whole
} from "./protobuf.ts";

/** A summary value of TensorBoard that is one number. */
interface Scalar {
  tag: string;
  value: number;
}

export interface HyperParameters {
  values: Record<string, number | string | boolean>;
  /** Seconds since the epoch. */
  startTime: number;
}

/** What an event of TensorBoard tells that has a place here. */
export interface TensorBoardEvent {
  /** Seconds since the epoch. */
  wallTime: number;
  step: number;
  fileVersion?: string;
  scalars: Scalar[];
  /** Tags of histograms, images and whatever else is no number. */
  others: string[];
  hyperParameters?: HyperParameters;
  /** Of the session: 1 is success, 2 failure, 3 running. */
  endStatus?: number;
}

const floatType = 1;
const doubleType = 2;

/** The one number of a tensor without dimensions, null when it is more or something else. */
function scalarOf(tensor: Uint8Array): number | null {
  let type = 0;
  let found: Wire | null = null;
  let dimensions = 0;
  for (const [field, value] of readFields(tensor)) {
    if (field === 1) type = value as number;
    else if (field === 2)
      dimensions = [...readFields(value as Uint8Array)].filter(([inner]) => inner === 2).length;
    // tensor_content, float_val and double_val, of which the latter two are packed: all are the number's bytes.
    else if ((field === 4 || field === 5 || field === 6) && (value as Uint8Array).length > 0) found = value;
  }
  if (found === null || dimensions > 0) return null;
  const {length} = found as Uint8Array;
  if (type === floatType && length === 4) return asFloat(found);
  return type === doubleType && length === 8 ? asDouble(found) : null;
}

/** A value of google.protobuf: a number, a text or a boolean. */
function plainValue(bytes: Uint8Array): number | string | boolean | null {
  for (const [field, value] of readFields(bytes)) {
    if (field === 2) return asDouble(value);
    if (field === 3) return asText(value);
    if (field === 4) return value === 1;
  }
  return null;
}

function readSession(bytes: Uint8Array): HyperParameters {
  const session: HyperParameters = {values: {}, startTime: 0};
  for (const [field, value] of readFields(bytes)) {
    if (field === 5) session.startTime = asDouble(value);
    if (field !== 1) continue;
    const entry = new Map(readFields(value as Uint8Array));
    const given = entry.has(2) ? plainValue(entry.get(2) as Uint8Array) : null;
    if (entry.has(1) && given !== null) session.values[asText(entry.get(1) as Wire)] = given;
  }
  return session;
}

const hparams = "hparams";

function readMetadata(metadata: Uint8Array, event: TensorBoardEvent): string {
  const plugin = new Map(readFields(metadata)).get(1) as Uint8Array | undefined;
  if (!plugin) return "";
  const fields = new Map(readFields(plugin));
  const name = fields.has(1) ? asText(fields.get(1) as Wire) : "";
  if (name !== hparams || !fields.has(2)) return name;
  for (const [field, value] of readFields(fields.get(2) as Uint8Array)) {
    if (field === 3) event.hyperParameters = readSession(value as Uint8Array);
    if (field === 4) event.endStatus = (new Map(readFields(value as Uint8Array)).get(1) as number) ?? 0;
  }
  return name;
}

function readValue(bytes: Uint8Array, event: TensorBoardEvent): void {
  let tag = "";
  let plugin = "";
  let value: number | null = null;
  for (const [field, content] of readFields(bytes)) {
    if (field === 1) tag = asText(content);
    else if (field === 2) value = asFloat(content);
    else if (field === 8) value = scalarOf(content as Uint8Array);
    else if (field === 9) plugin = readMetadata(content as Uint8Array, event);
  }
  if (plugin === hparams) return;
  if (value !== null) event.scalars.push({tag, value});
  else event.others.push(tag);
}

/** Reads the record of an event. @throws ImportError when it is none. */
export function readEvent(bytes: Uint8Array): TensorBoardEvent {
  const event: TensorBoardEvent = {wallTime: Number.NaN, step: 0, scalars: [], others: []};
  for (const [field, value] of readFields(bytes)) {
    if (field === 1) event.wallTime = asDouble(value);
    else if (field === 2) event.step = value as number;
    else if (field === 3) event.fileVersion = asText(value);
    else if (field === 5) {
      for (const [inner, content] of readFields(value as Uint8Array)) {
        if (inner === 1) readValue(content as Uint8Array, event);
      }
    }
  }
  if (Number.isNaN(event.wallTime)) throw new ImportError("expected an event with a wall time, found none.");
  return event;
}

/** The record that an event file begins with. */
export function versionEvent(wallTime: number): Uint8Array {
  return message(double(1, wallTime), nested(3, "brain.Event:2"));
}

/** What says that a tag is a time series of scalars; only its first value carries it. */
const scalarMetadata = message(nested(9, message(nested(1, nested(1, "scalars")), whole(4, 1))));

/** An event with one scalar, as a 32-bit float in a tensor: TensorBoard takes no other. */
export function scalarEvent(
  wallTime: number,
  step: number,
  {tag, value}: Scalar,
  first: boolean
): Uint8Array {
  const content = new Uint8Array(4);
  new DataView(content.buffer).setFloat32(0, value, true);
  const tensor = message(whole(1, floatType), nested(2, new Uint8Array()), nested(4, content));
  const summary = message(nested(1, tag), nested(8, tensor), ...(first ? [scalarMetadata] : []));
  return message(double(1, wallTime), whole(2, step), nested(5, nested(1, summary)));
}

function hparamsEvent(wallTime: number, tag: string, data: Uint8Array): Uint8Array {
  const metadata = nested(1, message(nested(1, hparams), nested(2, data)));
  return message(double(1, wallTime), nested(5, nested(1, message(nested(1, tag), nested(9, metadata)))));
}

/** The event that tells the hyperparameters of a run to TensorBoard's HParams. */
export function sessionStartEvent({values, startTime}: HyperParameters): Uint8Array {
  const entries = Object.entries(values).map(([name, value]) => {
    const written =
      typeof value === "number"
        ? double(2, value)
        : typeof value === "boolean"
          ? whole(4, Number(value))
          : nested(3, value);
    return nested(1, message(nested(1, name), nested(2, written)));
  });
  const session = message(...entries, double(5, startTime));
  return hparamsEvent(startTime, "_hparams_/session_start_info", nested(3, session));
}

/** The event that tells TensorBoard's HParams how a run ended. */
export function sessionEndEvent(endTime: number, status: number): Uint8Array {
  const session = message(whole(1, status), double(2, endTime));
  return hparamsEvent(endTime, "_hparams_/session_end_info", nested(4, session));
}
