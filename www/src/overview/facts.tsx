import type { Overview, Unpacked } from "lugger";
import type { ComponentChildren } from "preact";
import type { Subject } from "../state/subject.ts";
import { count, size } from "../text/format.ts";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { isConfigured } from "./configured.ts";

/** The numbers. What is not known yet has its place. */
export function Facts({ overview, subject }: { overview: Overview; subject: Subject }) {
  const { layers, created, author } = overview;
  const compressed = layers.reduce((sum, layer) => sum + layer.size, 0);
  const unpacked = layers.map((layer) => unpackedOf(layer, subject));
  const known = unpacked.filter((one) => one !== null);
  const sum = (member: keyof Unpacked) => known.reduce((total, one) => total + one[member], 0);
  const all = known.length === layers.length;
  const later = known.length === 0 ? <span class="muted">not counted</span> : null;
  const more = all ? "" : "+";
  return (
    <dl class="facts tabular">
      <Fact name="Compressed">{size(compressed)}</Fact>
      <Fact name="Unpacked">{later ?? `${size(sum("bytes"))}${more}`}</Fact>
      <Fact name="Entries">{later ?? `${count(sum("entries"))}${more}`}</Fact>
      <Fact name="Layers">{count(layers.length)}</Fact>
      <Fact name="Created">
        {created === null ? (
          <span class="muted">{isConfigured(overview) ? "not said" : "not known"}</span>
        ) : (
          <Time at={created} />
        )}
      </Fact>
      {author !== null && author !== "" && (
        <Fact name="Author">
          <Text>{author}</Text>
        </Fact>
      )}
    </dl>
  );
}

/** What a layer unpacks to, as soon as anybody knows. */
export function unpackedOf(layer: Overview["layers"][number], subject: Subject): Unpacked | null {
  return layer.unpacked ?? subject.lives.value.get(layer.digest)?.unpacked ?? null;
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
