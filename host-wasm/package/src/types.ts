/**
 * What goes in and comes out, in the words of the core: the JSON here is that of the `lugger` command.
 * Sizes are bytes. Digests are `algorithm:hex`. Times are RFC 3339.
 */

/** Content by its digest (OCI image-spec, descriptor). */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { architecture: string; os: string; variant?: string; "os.version"?: string };
  annotations?: Record<string, string>;
  urls?: string[];
  artifactType?: string;
}

/**
 * Something that happened while an operation ran. Ignoring them changes nothing. `loaded` is a manifest, an index or a
 * configuration that is here before its layers are; `moved` is how much of some content came, `examining` how much of a layer
 * that is here was looked into.
 */
export type Event =
  | { event: "resolved"; name: string; target: Descriptor }
  | { event: "loaded"; document: Descriptor }
  | { event: "planned"; content: Descriptor }
  | { event: "skipped"; content: Descriptor }
  | { event: "began"; digest: string; from: number }
  | { event: "moved"; digest: string; done: number }
  | { event: "committed"; content: Descriptor }
  | { event: "examining"; digest: string; done: number }
  | { event: "examined"; digest: string; diff_id: string; unpacked: Unpacked }
  | { event: "waiting"; digest: string }
  | { event: "authenticating"; realm: string; account: string | null }
  | { event: "exchanged"; request: string; status: number | null; why: string | null }
  | { event: "retrying"; doing: string; why: string; after_ms: number }
  | { event: "next_endpoint"; doing: string; from: string; why: string }
  | { event: "limited"; registry: string; remaining: number; limit: number | null; window: number | null }
  | { event: "discarded"; digest: string }
  | { event: "evicted"; name: string }
  | { event: "named"; name: string; digest: string; before: string | null }
  | { event: "warned"; warning: string };

/** What a layer is once it is unpacked. */
export interface Unpacked {
  /** Bytes of the tar. */
  bytes: number;
  /** Members of the tar. */
  entries: number;
}

/** A pull that ended well. */
export interface Pulled {
  name: string;
  target: Descriptor;
  before: string | null;
  fetched: number;
  fetched_bytes: number;
  present: number;
}

/** An archive or folder that was opened: the names that now lead to what was in it. */
export interface Opened {
  images: { name: string; target: Descriptor }[];
}

/** A name in the store. */
export interface Image {
  name: string;
  target: Descriptor;
  platforms: string[];
  size: number;
  created_at: string;
  updated_at: string;
  labels: Record<string, string>;
}

/** How much of some content is here. */
export type State =
  /** Nothing. */
  | "absent"
  /** Some of its bytes. */
  | "partial"
  /** All of it: the bytes have their digest. */
  | "stored"
  /** And what they unpack to has its diffID. */
  | "examined"
  /** It does not unpack to what the config says. */
  | "damaged";

/** One entry of an index; a single manifest is one, too. */
export interface PlatformEntry {
  /** `linux/arm64/v8`; null where nothing says it (and for attestations). */
  platform: string | null;
  manifest: Descriptor;
  /** Whether the manifest itself is here. */
  here: boolean;
  /** The digest of the manifest that this one is about, for attestations. */
  attests: string | null;
}

export interface Layer extends Descriptor {
  diff_id: string | null;
  state: State;
  /** Bytes that are here. */
  have: number;
  unpacked: Unpacked | null;
}

/** A step of the build, joined to the layer that it made. */
export interface Step {
  created: string | null;
  created_by: string | null;
  comment: string | null;
  /** Position in `layers`. */
  layer: number | null;
}

/** What an image says of itself, and how much of it is here. Members are null or empty as long as they are not known. */
export interface Overview {
  name: string;
  /** Every name in the store that leads to the same content. */
  names: string[];
  /** Whether `name` is in the store. */
  stored: boolean;
  target: Descriptor;
  platforms: PlatformEntry[];
  /** Position in `platforms` of what follows. */
  selected: number | null;
  manifest: Descriptor | null;
  config: Descriptor | null;
  config_state: State;
  annotations: Record<string, string>;
  platform: string | null;
  created: string | null;
  author: string | null;
  /** The member `config` of the configuration as it stands. */
  run: RunConfig | null;
  layers: Layer[];
  history: Step[];
}

/** The member `config` of an image configuration (image-spec, config.md). */
export interface RunConfig {
  User?: string;
  Env?: string[] | null;
  Entrypoint?: string[] | null;
  Cmd?: string[] | null;
  WorkingDir?: string;
  ExposedPorts?: Record<string, object> | null;
  Volumes?: Record<string, object> | null;
  Labels?: Record<string, string> | null;
  StopSignal?: string;
}

/** Why an operation failed. */
export interface Failure {
  /** The kind that one acts on. */
  kind:
    | "cancelled"
    | "content"
    | "cors"
    | "denied"
    | "full"
    | "limited"
    | "network"
    | "not_found"
    | "confirm"
    | "usage"
    | "other";
  /** All of it in words: what was done, where, what came back. */
  message: string;
  /** The registry to be confirmed, for `confirm`; the one that hides its answers, for `cors`. */
  registry: string | null;
  attempts: { registry: string; repository: string; asked: string; why: string; tries: number }[];
}

/** A file that the user gave: dropped, or chosen. `path` is relative to what was dropped, with `/`. */
export interface Given {
  path: string;
  file: File;
}

/** A `lugger serve` on this machine. */
export interface Bridge {
  /** Its origin and path, ending with a slash: `http://127.0.0.1:4321/api/v1/`. */
  url: string;
  /** The token that it printed. */
  token: string;
}

export interface Options {
  bridge?: Bridge;
}

export interface ImageOptions {
  /** `linux/arm64`; `all`; the best for linux/amd64 if it is not said. */
  platform?: string;
}

export interface InspectOptions extends ImageOptions {
  /** What the name leads to, if that is known (event `resolved`): then nobody is asked, and what is not here is null. */
  target?: Descriptor;
}
