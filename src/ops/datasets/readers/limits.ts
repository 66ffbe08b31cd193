/** Bytes that a file may hold, unpacked, where nothing else is said: what one buffer holds everywhere. */
const DEFAULT_LARGEST = 2 ** 30;

let largest = DEFAULT_LARGEST;

/** How many bytes a file may hold, unpacked. */
export const largestFile = () => largest;

/** How many numbers a dataset may hold: as many bytes, in float32. */
export const mostNumbers = () => largest / 4;

/** How many bytes of text one string holds everywhere: a little under half of the default. */
export const longestText = () => largest / 2 - 24;

/** How many values of text a table may have: each takes many times its length while it is read. */
export const mostTexts = () => largest / 16;

/** Sets how many bytes a file may hold; undefined for the default of 1 GiB. */
export function setLargestFile(bytes = DEFAULT_LARGEST): void {
  largest = bytes;
}
