import {expect, test} from "vitest";
import {datasetsFromDisk} from "../digits-source.ts";
import {decodeTokens, tinyShakespeare} from "./exports.ts";

test("tiny Shakespeare is shipped whole, and cut by position", async () => {
  datasetsFromDisk();
  const {train, validation, test, vocabulary} = await tinyShakespeare();
  const lengths = [train, validation, test].map(({tokens}) => tokens?.length ?? 0);
  expect(lengths).toEqual([892_316, 111_539, 111_539]);
  expect(vocabulary.length).toBe(65);
  expect(decodeTokens(train.tokens?.subarray(0, 14) ?? [], vocabulary)).toBe("First Citizen:");
  expect(test.hash).toBe("86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed");
  expect(test.attribution).toContain("public domain");
});
