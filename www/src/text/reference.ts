/** References as people type them. The core decides; this only spares a round trip, and finds the name in the store. */

const HOST = /^(?:localhost|\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/i;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-f]{32,}$/i;

export interface Reference {
  registry: string;
  repository: string;
  tag: string | null;
  digest: string | null;
}

/** The parts of a reference, or what is wrong with it in words. */
export function parse(text: string): Reference | string {
  const typed = text.trim().replace(/^docker:\/\//, "");
  if (typed === "") {
    return "Type the name of an image, such as alpine:3.20";
  }
  if (/^https?:\/\//i.test(typed)) {
    return "Leave out https://; an image is named like ghcr.io/owner/app:tag";
  }
  if (/\s/.test(typed)) {
    return "The name of an image has no spaces";
  }
  const at = typed.indexOf("@");
  const digest = at < 0 ? null : typed.slice(at + 1);
  let rest = at < 0 ? typed : typed.slice(0, at);
  if (digest !== null && !DIGEST.test(digest)) {
    return "What follows @ is not a digest, such as sha256:… with 64 hexadecimal digits";
  }
  let tag: string | null = null;
  const colon = rest.lastIndexOf(":");
  if (colon > rest.lastIndexOf("/")) {
    tag = rest.slice(colon + 1);
    rest = rest.slice(0, colon);
    if (!TAG.test(tag)) {
      return "What follows the last colon is not a tag: letters, digits, dots, dashes and underscores";
    }
  }
  const [registry, path] = split(rest);
  if (!HOST.test(registry)) {
    return "What stands before the first slash is not the name of a registry";
  }
  if (!PATH.test(path)) {
    return /[A-Z]/.test(path) ? "Names of images are in lower case" : "This is not the name of an image";
  }
  const repository = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  return { registry, repository, tag, digest };
}

/** The name that the store has for what was typed; what cannot be parsed stays. */
export function canonical(text: string): string {
  const reference = parse(text);
  if (typeof reference === "string") {
    return text;
  }
  const { registry, repository, tag, digest } = reference;
  const tagged = tag ?? (digest === null ? "latest" : null);
  return `${registry}/${repository}${tagged === null ? "" : `:${tagged}`}${digest === null ? "" : `@${digest}`}`;
}

/** `alpine:3.20` for `docker.io/library/alpine:3.20`: as people say it. */
export function familiar(name: string): string {
  return name.replace(/^docker\.io\/(?:library\/)?(?=[^/]+)/, "");
}

function split(name: string): [string, string] {
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(slash, 0));
  const isHost = first === "localhost" || /[.:[]/.test(first) || /[A-Z]/.test(first);
  if (slash < 0 || !isHost) {
    return ["docker.io", name];
  }
  return [first === "index.docker.io" ? "docker.io" : first, name.slice(slash + 1)];
}
