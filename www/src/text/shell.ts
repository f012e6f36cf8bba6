/** Commands to copy into a terminal. */

import { isPlain } from "./inert.ts";
import { parse } from "./reference.ts";

export interface ToolCommand {
  tool: string;
  line: string;
}

/** A word for a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** How other tools get the same content. None if the name could do something in a terminal, or names no image. */
export function commands(name: string, digest: string | null, platform: string | null): ToolCommand[] {
  const reference = parse(name);
  if (typeof reference === "string" || !isPlain(name)) {
    return [];
  }
  const { registry, repository } = reference;
  const pinned = digest === null ? name : `${registry}/${repository}@${digest}`;
  const [os, architecture, variant] = (platform ?? "").split("/");
  const option = (text: string) => (platform === null || platform === "" ? "" : text);
  const archive = `${repository.split("/").at(-1)}.tar`;
  const override = `--override-os ${quote(os ?? "")} --override-arch ${quote(architecture ?? "")} `;
  return [
    { tool: "lugger", line: `lugger pull ${option(`--platform ${quote(platform ?? "")} `)}${quote(name)}` },
    {
      tool: "crane",
      line: `crane pull ${option(`--platform ${quote(platform ?? "")} `)}${quote(pinned)} ${quote(archive)}`,
    },
    {
      tool: "skopeo",
      line: `skopeo ${option(override + (variant ? `--override-variant ${quote(variant)} ` : ""))}copy docker://${quote(pinned)} oci-archive:${quote(archive)}`,
    },
  ];
}

/** What to run when a page may not ask the registry. */
export function serve(reference: string | null): string {
  return reference === null || !isPlain(reference) ? "lugger serve" : `lugger serve ${quote(reference)}`;
}

/** An address to follow from an annotation: only the web, and nothing that hides where it goes. */
export function link(value: string): string | null {
  if (!/^https?:\/\//i.test(value) || !isPlain(value) || /\s/.test(value)) {
    return null;
  }
  try {
    const url = new URL(value);
    const web = url.protocol === "https:" || url.protocol === "http:";
    return web && url.username === "" && url.password === "" ? url.href : null;
  } catch {
    return null;
  }
}
