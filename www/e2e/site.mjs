/** The page as any static host would serve it, and what people do there. */

import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { serveFolder } from "./harness.mjs";

const WWW = fileURLToPath(new URL("..", import.meta.url));
export const DIST = path.join(WWW, "dist");
const SOURCES = ["src", "index.html", "vite.config.ts", "../host-wasm/package/src"];

/** Serves what was built, if that is what stands in the sources. */
export function builtPage() {
  const built = path.join(DIST, "index.html");
  if (!existsSync(built) || SOURCES.some((source) => newest(path.join(WWW, source)) > statSync(built).mtimeMs)) {
    throw new Error("the page is not built, or it is older than its sources: npm run build");
  }
  return serveFolder(DIST);
}

/** When a file, or anything below a folder, was changed last. */
function newest(place) {
  const { mtimeMs } = statSync(place);
  return statSync(place).isDirectory()
    ? Math.max(...readdirSync(place).map((name) => newest(path.join(place, name))), mtimeMs)
    : mtimeMs;
}

export const box = (page) => page.getByRole("combobox", { name: "Image reference" });

/** Until the image is shown and verified, down to what its layers unpack to. */
export const verified = (page) => page.getByText("Verified to the last byte").waitFor();

/** Presses the button that copies this, and gives what is in the clipboard once the page has said so. */
export async function copied(page, what) {
  await page.getByRole("button", { name: `Copy ${what}`, exact: true }).click();
  await page.getByText(`Copied ${what}`, { exact: true }).waitFor({ state: "attached" });
  return await page.evaluate(() => navigator.clipboard.readText());
}

/** Opens an image by its name, from the first screen. */
export async function enter(page, name) {
  await box(page).fill(name);
  await page.keyboard.press("Enter");
}

/** The same, from the address of the page. */
export async function openImage(page, url, name) {
  await page.goto(url);
  await enter(page, name);
}
