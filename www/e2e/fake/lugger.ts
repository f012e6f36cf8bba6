/** Stands in for the Rust half: the same class, made-up images, and no network. What it does depends on the name. */

import { BIG, DIGEST, IMAGE, layersOf, type Made, make, overview, sleep } from "./images.ts";

type Emit = (json: string) => void;
type Ask = Record<string, string | null> & { op: string };

const SHELF = "fake-store";

export default async function init(): Promise<void> {}

export class Host {
  #allowed = new Set<string>();
  #cancelled = new Set<number>();
  #store = new Map<string, Made>();

  private constructor(readonly bridged: boolean) {}

  static async open(options: string): Promise<Host> {
    const host = new Host("bridge" in JSON.parse(options));
    const kept = await (await caches.open(SHELF)).match("store");
    for (const made of kept === undefined ? [] : ((await kept.json()) as Made[])) {
      host.#store.set(made.name, made);
    }
    return host;
  }

  cancel(id: number): void {
    this.#cancelled.add(id);
  }

  async read(digest: string): Promise<Uint8Array> {
    return new TextEncoder().encode(digest);
  }

  async run(id: number, op: string, files: File[], emit: Emit): Promise<string> {
    const ask = JSON.parse(op) as Ask;
    const tell = (event: object) => emit(JSON.stringify(event));
    return JSON.stringify((await this.#run(id, ask, files, tell)) ?? null);
  }

  async #run(id: number, ask: Ask, files: File[], tell: (event: object) => void): Promise<unknown> {
    const name = ask.reference ?? ask.name ?? "";
    switch (ask.op) {
      case "images":
        return [...this.#store.values()].filter(({ stored }) => stored).map((made) => made.image);
      case "remove":
        this.#store.delete(name);
        return this.#keep();
      case "clear":
        this.#store.clear();
        return this.#keep();
      case "allow":
        this.#allowed.add(ask.registry ?? "");
        return null;
      case "inspect":
        await sleep(30);
        return this.#inspect(name, ask, tell);
      case "open":
        return this.#open(id, files, tell);
      case "pull":
        return this.#pull(id, name, ask.platform, tell);
      case "examine":
        return this.#examine(id, name, ask.platform, tell);
      default:
        throw JSON.stringify({ kind: "usage", message: `no such operation: ${ask.op}` });
    }
  }

  #find(name: string): Made {
    const made = this.#store.get(name) ?? make(name);
    this.#store.set(name, made);
    return made;
  }

  /** The registry is asked only for what the store does not know. */
  #inspect(name: string, ask: Ask, tell: (event: object) => void): unknown {
    const known = this.#store.get(name);
    if (known !== undefined && (known.stored || ask.target !== null)) {
      return overview(known, ask.platform, true);
    }
    this.#refuse(name);
    const made = make(name);
    layersOf(made, ask.platform ?? null);
    tell({ event: "exchanged", request: `GET https://${name.split("/")[0]}/v2/x`, status: 200, why: null });
    return overview(made, ask.platform, true);
  }

  async #keep(): Promise<void> {
    const stored = [...this.#store.values()].filter(({ stored }) => stored);
    await (await caches.open(SHELF)).put("store", new Response(JSON.stringify(stored)));
  }

  #check(id: number): void {
    if (this.#cancelled.has(id)) {
      throw JSON.stringify({ kind: "cancelled", message: "cancelled", registry: null, attempts: [] });
    }
  }

  #refuse(name: string): void {
    const registry = name.slice(0, name.indexOf("/"));
    const kind = /\/fails\/([a-z_]+)/.exec(name)?.[1];
    const attempts = [
      {
        registry,
        repository: "fails",
        asked: "HEAD manifests/latest",
        why: "no answer that a page may read",
        tries: 2,
      },
    ];
    if (kind !== undefined) {
      throw JSON.stringify({ kind, message: `cannot resolve ${name}: ${registry} said no`, registry, attempts });
    }
    if (this.bridged && registry === "ghcr.io" && !this.#allowed.has(registry)) {
      throw JSON.stringify({ kind: "confirm", message: `${registry} was not named`, registry, attempts: [] });
    }
  }

  async #pull(id: number, name: string, platform: string | null, tell: (event: object) => void): Promise<unknown> {
    await sleep(name.includes("slow") ? 600 : 60);
    this.#refuse(name);
    const registry = name.slice(0, name.indexOf("/"));
    const made = this.#find(name);
    tell({ event: "exchanged", request: `HEAD https://${registry}/v2/x/manifests/latest`, status: 200, why: null });
    tell({ event: "resolved", name, target: made.image.target });
    tell({ event: "planned", content: made.image.target });
    await sleep(80);
    tell({ event: "committed", content: made.image.target });
    const layers = layersOf(made, platform === "all" ? null : platform);
    tell({ event: "loaded", document: made.image.target });
    for (const layer of layers) {
      tell({ event: "planned", content: layer });
    }
    const rounds = name.includes("slow") ? 130 : 10;
    for (let round = 1; round <= rounds; round++) {
      this.#check(id);
      for (const [index, layer] of layers.entries()) {
        const share = Math.min(1, (round / rounds) * (1 + 0.35 * ((index * 7) % 3)));
        if (layer.state === "absent" && round === 1) {
          tell({ event: "began", digest: layer.digest, from: 0 });
        }
        if (layer.state === "absent" || layer.state === "partial") {
          layer.have = Math.floor(layer.size * share);
          layer.state = share < 1 ? "partial" : "stored";
          tell({ event: "moved", digest: layer.digest, done: layer.have });
          if (layer.state === "stored") {
            tell({ event: "committed", content: layer });
          }
        }
      }
      await sleep(60);
    }
    made.stored = true;
    await this.#keep();
    tell({ event: "named", name, digest: made.image.target.digest, before: null });
    return {
      name,
      target: made.image.target,
      before: null,
      fetched: layers.length,
      fetched_bytes: BIG,
      present: 0,
    };
  }

  async #examine(id: number, name: string, platform: string | null, tell: (event: object) => void): Promise<unknown> {
    const made = this.#find(name);
    for (const [index, layer] of layersOf(made, platform).entries()) {
      tell({ event: "began", digest: layer.digest, from: 0 });
      for (let share = 1; share <= 4; share++) {
        this.#check(id);
        tell({ event: "moved", digest: layer.digest, done: Math.floor((layer.size * share) / 4) });
        await sleep(name.includes("slow") ? 120 : 12);
      }
      layer.state = name.includes("damaged") && index === 1 ? "damaged" : "examined";
      layer.unpacked = { bytes: Math.floor(layer.size * 2.6), entries: 40 + Math.floor(layer.size / 9000) };
      if (layer.state === "examined") {
        tell({ event: "examined", digest: layer.digest, diff_id: layer.diff_id, unpacked: layer.unpacked });
      }
    }
    await this.#keep();
    return overview(made, platform, true);
  }

  async #open(id: number, files: File[], tell: (event: object) => void): Promise<unknown> {
    if (files.some((file) => file.name.endsWith(".txt"))) {
      throw JSON.stringify({ kind: "usage", message: `${files[0]?.name} is not an archive of an image` });
    }
    const total = files.reduce((sum, file) => sum + file.size, 0);
    for (let share = 1; share <= 20; share++) {
      this.#check(id);
      tell({ event: "moved", digest: DIGEST, done: Math.floor((total * share) / 20) });
      await sleep(files.some((file) => file.name.includes("slow")) ? 150 : 10);
    }
    const made = this.#find(IMAGE);
    made.stored = true;
    for (const layer of layersOf(made, null)) {
      layer.state = "stored";
      layer.have = layer.size;
    }
    await this.#keep();
    return { images: [{ name: IMAGE, target: made.image.target }] };
  }
}
