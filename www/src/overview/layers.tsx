import { useSignal } from "@preact/signals";
import type { Overview } from "lugger";
import { standing } from "../state/blobs.ts";
import type { Subject } from "../state/subject.ts";
import { count, short, size } from "../text/format.ts";
import { inert } from "../text/inert.ts";
import { Copy } from "../ui/copy.tsx";
import { LayerBar } from "./bar.tsx";
import { unpackedOf } from "./facts.tsx";
import { StandingMark } from "./standing.tsx";

/** The layers, as a bar and as a table that says the same. */
export function Layers({ overview, subject }: { overview: Overview; subject: Subject }) {
  const pointed = useSignal<number | null>(null);
  const { layers } = overview;
  const standings = layers.map((layer) => standing(layer, subject.lives.value));
  return (
    <section class="panel layers" aria-labelledby="layers">
      <div class="panel-head">
        <h2 id="layers">Layers</h2>
      </div>
      {layers.length === 0 ? (
        <p class="muted empty">It has no layers.</p>
      ) : (
        <>
          <LayerBar layers={layers} standings={standings} pointed={pointed} />
          <table class="layer-table">
            <thead>
              <tr>
                <th scope="col">#</th>
                <th scope="col">Digest</th>
                <th scope="col" class="number">
                  Size
                </th>
                <th scope="col" class="number">
                  Unpacked
                </th>
                <th scope="col" class="number">
                  Entries
                </th>
                <th scope="col">State</th>
              </tr>
            </thead>
            <tbody>
              {layers.map((layer, index) => {
                const unpacked = unpackedOf(layer, subject);
                const state = standings[index];
                return (
                  <tr
                    key={index}
                    id={`layer-${index}`}
                    tabIndex={-1}
                    class={pointed.value === index ? "is-pointed" : ""}
                    onMouseEnter={() => {
                      pointed.value = index;
                    }}
                    onMouseLeave={() => {
                      pointed.value = null;
                    }}
                  >
                    <th scope="row">{index + 1}</th>
                    <td class="cell-digest">
                      <code
                        title={`${layer.digest}\n${inert(layer.mediaType)}${layer.diff_id === null ? "" : `\ndiffID ${layer.diff_id}`}`}
                      >
                        {short(layer.digest)}
                      </code>
                      <Copy text={layer.digest} what={`the digest of layer ${index + 1}`} />
                    </td>
                    <td class="number" data-name="Size">
                      {size(layer.size)}
                    </td>
                    <td class="number" data-name="Unpacked">
                      {unpacked === null ? <span class="muted">–</span> : size(unpacked.bytes)}
                    </td>
                    <td class="number" data-name="Entries">
                      {unpacked === null ? <span class="muted">–</span> : count(unpacked.entries)}
                    </td>
                    <td class="cell-state">{state && <StandingMark standing={state} />}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}
