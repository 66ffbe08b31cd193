import {type Browser, chromium} from "playwright-core";
import {chromiumFlags} from "../../src/cli/chromium.ts";
import {ensureChromium} from "../../src/cli/ensure-chromium.ts";

/** What lets a headless Chromium on Linux use the machine's graphics driver. */
const HARDWARE_FLAGS = ["--enable-features=Vulkan", "--use-angle=vulkan", "--ignore-gpu-blocklist"];

/** A Chromium with the machine's GPU, or with the software adapter where there is none. `address` is a page of ours. */
export async function launchWithGpu(address: string): Promise<Browser> {
  const executablePath = await ensureChromium();
  const others = chromiumFlags.filter((flag) => !flag.startsWith("--use-webgpu-adapter"));
  const browser = await chromium.launch({executablePath, args: [...others, ...HARDWARE_FLAGS]});
  if (await hasHardware(browser, address)) return browser;
  await browser.close();
  return chromium.launch({executablePath, args: chromiumFlags});
}

async function hasHardware(browser: Browser, address: string): Promise<boolean> {
  const tab = await browser.newPage();
  try {
    // WebGPU is there for secure pages only.
    await tab.goto(address);
    return await tab.evaluate(async () => {
      const info = (await navigator.gpu?.requestAdapter())?.info;
      return (
        info !== undefined &&
        !info.isFallbackAdapter &&
        !/swiftshader|llvmpipe/i.test(
          JSON.stringify([info.vendor, info.architecture, info.device, info.description])
        )
      );
    });
  } finally {
    await tab.close();
  }
}
