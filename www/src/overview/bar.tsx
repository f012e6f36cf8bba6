import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { Layer } from "lugger";
import { useRef } from "preact/hooks";
import type { Standing } from "../state/blobs.ts";
import { percent, size } from "../text/format.ts";
import { words } from "./standing.tsx";

interface Props {
  layers: Layer[];
  standings: Standing[];
  /** The layer under the pointer, or with the focus. */
  pointed: Signal<number | null>;
}

/** Width is size, fill is how much of it is verified. Arrows move along it; Enter goes to the row in the table. */
export function LayerBar({ layers, standings, pointed }: Props) {
  const bar = useRef<HTMLDivElement>(null);
  const reachable = useSignal(0);
  const total = layers.reduce((sum, layer) => sum + layer.size, 0);
  const move = (event: KeyboardEvent) => {
    const at = reachable.value;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: layers.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      reachable.value = Math.max(0, Math.min(layers.length - 1, to));
      (bar.current?.children[reachable.value] as HTMLElement | undefined)?.focus();
    }
  };
  const tell = (index: number): string => {
    const layer = layers[index];
    const standing = standings[index];
    return layer && standing
      ? `Layer ${index + 1} of ${layers.length}: ${size(layer.size)}, ${percent(layer.size, total)} %, ${words(standing)}`
      : "";
  };
  return (
    <>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for forms. */}
      <div
        ref={bar}
        class={`layer-bar ${layers.length > 40 ? "is-many" : ""}`}
        role="group"
        aria-label="Layers by size"
        onKeyDown={move}
      >
        {layers.map((layer, index) => (
          <button
            key={index}
            type="button"
            class={`segment is-${standings[index]?.state} ${pointed.value === index ? "is-pointed" : ""}`}
            style={{ flexGrow: total === 0 ? 1 : Math.max(layer.size / total, 0.000001) * 1000 }}
            tabIndex={reachable.value === index ? 0 : -1}
            aria-label={tell(index)}
            onFocus={() => {
              reachable.value = index;
              pointed.value = index;
            }}
            onBlur={() => {
              pointed.value = null;
            }}
            onMouseEnter={() => {
              pointed.value = index;
            }}
            onMouseLeave={() => {
              pointed.value = null;
            }}
            onClick={() => {
              const row = document.getElementById(`layer-${index}`);
              row?.focus({ preventScroll: true });
              row?.scrollIntoView({ block: "nearest" });
              pointed.value = index;
            }}
          >
            <span class="fill" style={{ inlineSize: `${filled(standings[index])}%` }} />
          </button>
        ))}
      </div>
      <p class="caption muted tabular" aria-hidden="true">
        {pointed.value === null
          ? `${layers.length === 1 ? "1 layer" : `${layers.length} layers`}, ${size(total)} compressed`
          : tell(pointed.value)}
      </p>
    </>
  );
}

/** Percent of the segment that is filled. */
function filled(standing: Standing | undefined): number {
  switch (standing?.state) {
    case "absent":
    case undefined:
      return 0;
    case "partial":
    case "fetching":
    case "reading":
    case "waiting":
    case "unpacking":
      return standing.percent ?? 0;
    default:
      return 100;
  }
}
