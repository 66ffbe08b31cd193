// Cross-entropy of texts as perplexity and as bits a character.
import {checkNumber} from "../core/errors.ts";

/** Perplexity of a mean cross-entropy in nats a token: exp(loss), the number of equally likely tokens it amounts to. */
export function perplexity(loss: number): number {
  return Math.exp(loss);
}

/**
 * Bits a character of a mean cross-entropy in nats a token: loss x tokens / characters / ln 2. Leave the counts out where a
 * token is a character; count bytes in the place of characters for bits a byte.
 *
 * @example
 * import {bitsPerCharacter, perplexity} from "petri/metrics";
 *
 * const loss = 1.7; // nats a token, of about four characters
 * display({perplexity: perplexity(loss), bits: bitsPerCharacter(loss, {tokens: 250, characters: 1000})});
 */
export function bitsPerCharacter(
  loss: number,
  counts: {tokens: number; characters: number} = {tokens: 1, characters: 1}
): number {
  checkNumber("tokens", counts.tokens, 0);
  checkNumber("characters", counts.characters, Number.MIN_VALUE);
  return (loss * counts.tokens) / counts.characters / Math.LN2;
}
