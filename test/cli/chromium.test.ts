import {expect, test} from "vitest";
import {findChromium} from "../../src/cli/chromium.ts";

function machine(platform: string, files: string[], env: Record<string, string> = {}) {
  return {platform, env, exists: (path: string) => files.includes(path)};
}

test("takes the browser that PETRI_CHROMIUM names, and says when there is none", async () => {
  const env = {PETRI_CHROMIUM: "/opt/chrome", PATH: "/usr/bin"};
  expect(await findChromium(machine("linux", ["/opt/chrome", "/usr/bin/chromium"], env))).toBe("/opt/chrome");
  await expect(findChromium(machine("linux", ["/usr/bin/chromium"], env))).rejects.toThrow(
    "PETRI_CHROMIUM names /opt/chrome"
  );
});

test("finds Debian's, Chrome and Edge on the path, Chromium first", async () => {
  const env = {PATH: "/a:/usr/bin"};
  expect(await findChromium(machine("linux", ["/usr/bin/microsoft-edge"], env))).toBe(
    "/usr/bin/microsoft-edge"
  );
  const both = ["/a/google-chrome", "/usr/bin/chromium"];
  expect(await findChromium(machine("linux", both, env))).toBe("/usr/bin/chromium");
});

test("finds applications on macOS and programs on Windows", async () => {
  const chrome = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
  expect(await findChromium(machine("darwin", [chrome]))).toBe(chrome);
  const edge = "C:\\Programs\\Microsoft\\Edge\\Application\\msedge.exe";
  expect(await findChromium(machine("win32", [edge], {PROGRAMFILES: "C:\\Programs"}))).toBe(edge);
});

test("finds none where there is none", async () => {
  expect(await findChromium(machine("linux", [], {PATH: "/usr/bin"}))).toBeNull();
});
