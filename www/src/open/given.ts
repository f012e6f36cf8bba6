/** What was dropped or chosen, as files with paths. */

import type { Given } from "lugger";

/** A folder with more than this is not an image. */
const MOST = 20_000;

/** Of a file chooser; of a folder chooser, relative to the folder. */
export function chosen(files: Iterable<File>): Given[] {
  return [...files].map((file) => ({ file, path: file.webkitRelativePath.replace(/^[^/]*\//, "") || file.name }));
}

/** Of a drop: one folder is what it holds, everything else has its name. To be called while the event lasts. */
export async function dropped(data: DataTransfer): Promise<Given[]> {
  const items = [...data.items].filter(({ kind }) => kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = [...data.files];
  if (!entries.some((entry) => entry?.isDirectory)) {
    return chosen(files);
  }
  const found: Given[] = [];
  const alone = entries.length === 1;
  for (const entry of entries) {
    if (entry !== null) {
      await walk(entry, alone ? "" : entry.name, found);
    }
  }
  return found;
}

async function walk(entry: FileSystemEntry, path: string, found: Given[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ file, path });
    if (found.length > MOST) {
      throw new Error(`The folder holds more than ${MOST} files: it is not the folder of an image`);
    }
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // It gives some at a time; none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) {
      return;
    }
    for (const child of some) {
      await walk(child, path === "" ? child.name : `${path}/${child.name}`, found);
    }
  }
}
