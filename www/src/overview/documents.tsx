import type { Descriptor, Overview } from "lugger";
import type { Standing } from "../state/blobs.ts";
import { short, size } from "../text/format.ts";
import { Copy } from "../ui/copy.tsx";
import { Text } from "../ui/text.tsx";
import { StandingMark } from "./standing.tsx";

/** What leads to the layers: index, manifest, configuration. */
export function Documents({ overview }: { overview: Overview }) {
  const { target, manifest, config, config_state, platforms, selected } = overview;
  const here = selected !== null && (platforms[selected]?.here ?? false);
  const stored = (is: boolean): Standing => ({ state: is ? "stored" : "absent", percent: null });
  return (
    <section class="panel" aria-labelledby="documents">
      <div class="panel-head">
        <h2 id="documents">Documents</h2>
      </div>
      <ul class="documents">
        {manifest !== null && target.digest !== manifest.digest && (
          <Row name="Index" document={target} standing={stored(overview.stored || here)} />
        )}
        {manifest !== null && <Row name="Manifest" document={manifest} standing={stored(here)} />}
        {config !== null && (
          <Row name="Configuration" document={config} standing={{ state: config_state, percent: null }} />
        )}
      </ul>
    </section>
  );
}

function Row({ name, document, standing }: { name: string; document: Descriptor; standing: Standing }) {
  return (
    <li>
      <span>{name}</span>
      <span class="cell-digest">
        <code title={document.digest}>{short(document.digest)}</code>
        <Copy text={document.digest} what={`the digest of the ${name.toLowerCase()}`} />
      </span>
      <span class="tabular document-size">{size(document.size)}</span>
      <StandingMark standing={standing} />
      <span class="muted media-type">
        <Text>{document.mediaType}</Text>
      </span>
    </li>
  );
}
