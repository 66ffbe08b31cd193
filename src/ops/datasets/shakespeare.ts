import {type TextOptions, type TextSets, text} from "./readers/text.ts";

/**
 * 1,115,394 characters of Shakespeare's plays, shipped with the notebooks ("tiny Shakespeare", put together by A. Karpathy): 65
 * different characters, cut by position. @throws MissingDataError where data/tinyshakespeare.txt.gz is not there.
 *
 * @example
 * import {decodeTokens, tinyShakespeare} from "petri/datasets";
 *
 * const {train: seen, vocabulary} = await tinyShakespeare();
 * display(decodeTokens(seen.tokens.subarray(0, 120), vocabulary));
 */
export function tinyShakespeare(options: TextOptions = {}): Promise<TextSets> {
  const attribution = "W. Shakespeare, public domain; put together by A. Karpathy";
  return text("data/tinyshakespeare.txt.gz", {name: "tiny Shakespeare", attribution, ...options});
}
