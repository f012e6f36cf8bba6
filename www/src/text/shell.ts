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

/** What an image says its platform is, if it is anything that a platform can be. */
const PLATFORM = /^\w[\w.-]*(?:\/\w[\w.-]*)+$/;

/** How other tools get the same content. None if name or platform could do something in a terminal, or mean nothing there. */
export function commands(name: string, digest: string | null, platform: string | null): ToolCommand[] {
  const reference = parse(name);
  if (typeof reference === "string" || (platform !== null && !PLATFORM.test(platform))) {
    return [];
  }
  const { registry, repository } = reference;
  const pinned = digest === null ? name : `${registry}/${repository}@${digest}`;
  const [os, architecture, variant] = (platform ?? "").split("/");
  const option = (text: string) => (platform === null ? "" : text);
  const archive = `${repository.split("/").at(-1)}.tar`;
  const override = `--override-os ${os} --override-arch ${architecture} `;
  return [
    { tool: "lugger", line: `lugger pull ${option(`--platform ${platform} `)}${quote(name)}` },
    {
      tool: "crane",
      line: `crane pull ${option(`--platform ${platform} `)}${quote(pinned)} ${quote(archive)}`,
    },
    {
      tool: "skopeo",
      line: `skopeo ${option(override + (variant ? `--override-variant ${variant} ` : ""))}copy docker://${quote(pinned)} oci-archive:${quote(archive)}`,
    },
  ];
}

/** What to run when a page may not ask the registry. */
export function serve(reference: string | null): string {
  const named = reference !== null && typeof parse(reference) !== "string";
  return named ? `lugger serve ${quote(reference)}` : "lugger serve";
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
