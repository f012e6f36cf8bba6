import type { Overview, PlatformEntry } from "lugger";
import { useRef } from "preact/hooks";
import { navigate } from "../router.ts";
import type { Subject } from "../state/subject.ts";
import { plural, short, size } from "../text/format.ts";
import { Copy } from "../ui/copy.tsx";
import { Text } from "../ui/text.tsx";

const NOT_SAID = "unknown platform";

/** What it can be run on: attestations are about one of these. */
export function choices({ platforms }: Overview): PlatformEntry[] {
  return platforms.filter(({ attests }) => attests === null);
}

/** One tab for each platform. Arrows move between them, Enter shows one: that may ask the registry. */
export function Platforms({ subject, overview }: { subject: Subject; overview: Overview }) {
  const list = useRef<HTMLDivElement>(null);
  const entries = choices(overview);
  const selected = current(subject, overview, entries);
  const go = (entry: PlatformEntry) => {
    if (entry.platform !== null) {
      navigate({ screen: "image", name: subject.name, platform: entry.platform });
    }
  };
  const move = (event: KeyboardEvent) => {
    const tabs = [...(list.current?.querySelectorAll<HTMLElement>("[role=tab]") ?? [])];
    const at = tabs.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      tabs[(to + tabs.length) % tabs.length]?.focus();
    }
  };
  return (
    <div class="platforms">
      {entries.length > 1 ? (
        <div ref={list} class="tabs" role="tablist" aria-label="Platforms" onKeyDown={move}>
          {entries.map((entry, index) => (
            <button
              key={entry.manifest.digest}
              type="button"
              role="tab"
              id={entry === selected ? "platform-selected" : `platform-${index}`}
              aria-selected={entry === selected}
              aria-controls="platform-panel"
              tabIndex={entry === selected || (selected === undefined && index === 0) ? 0 : -1}
              title={entry.here ? "Here" : "Not here yet"}
              onClick={() => go(entry)}
            >
              <Text>{entry.platform ?? NOT_SAID}</Text>
              <span class={`here ${entry.here ? "is-here" : ""}`} aria-hidden="true" />
              <span class="hidden">{entry.here ? "" : ", not here yet"}</span>
            </button>
          ))}
        </div>
      ) : (
        <p class="platform-only">
          <Text>{overview.platform ?? entries[0]?.platform ?? NOT_SAID}</Text>
        </p>
      )}
      <Attestations
        entries={overview.platforms.filter(({ attests }) => attests !== null && attests === selected?.manifest.digest)}
      />
    </div>
  );
}

function current(subject: Subject, overview: Overview, entries: PlatformEntry[]): PlatformEntry | undefined {
  const asked = entries.find(({ platform }) => platform === subject.platform);
  const told = overview.selected === null ? undefined : overview.platforms[overview.selected];
  return asked ?? told;
}

/** What was said about the platform by whoever built it. */
function Attestations({ entries }: { entries: PlatformEntry[] }) {
  return (
    <details class={`attestations ${entries.length === 0 ? "is-none" : ""}`}>
      <summary>{plural(entries.length, "attestation")}</summary>
      <ul>
        {entries.map(({ manifest }) => (
          <li key={manifest.digest}>
            <code title={manifest.digest}>{short(manifest.digest)}</code>
            <Copy text={manifest.digest} what="the digest of the attestation" />
            <span class="muted tabular">{size(manifest.size)}</span>
            <span class="muted">
              <Text>
                {manifest.annotations?.["vnd.docker.reference.type"] ?? manifest.artifactType ?? manifest.mediaType}
              </Text>
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}
