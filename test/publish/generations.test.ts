import {expect, test} from "vitest";
import {cacheName, outdatedCaches, ownCaches} from "../../src/publish/site/generations.ts";

const scope = "https://host.example/petri/";
const [first, second, third] = ["1", "2", "3"].map((build) => cacheName(scope, build));
const foreign = [cacheName("https://host.example/other/", "1"), "something"];

test("keeps the build before the current one, for the pages that it served", () => {
  expect(outdatedCaches([first, second, ...foreign, third], scope, third)).toEqual([first]);
  expect(outdatedCaches([second, third], scope, third)).toEqual([]);
});

test("leaves the caches of others alone", () => {
  expect(ownCaches([first, ...foreign], scope)).toEqual([first]);
});
