import type { Overview, Step } from "lugger";
import { command } from "../text/command.ts";
import { plural, size } from "../text/format.ts";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { isConfigured, NOT_CONFIGURED } from "./configured.ts";

/** How it was built, oldest first, each step with the layer that it made. */
export function History({ overview }: { overview: Overview }) {
  const { history, layers } = overview;
  const empty = history.filter(({ layer }) => layer === null).length;
  return (
    <section class="panel history" aria-labelledby="history">
      <div class="panel-head">
        <h2 id="history">History</h2>
        {history.length > 0 && (
          <span class="muted tabular">
            {plural(history.length, "step")}
            {empty > 0 && `, ${empty} without a layer`}
          </span>
        )}
      </div>
      {history.length === 0 ? (
        <p class="muted empty">
          {isConfigured(overview) ? "The configuration does not say how it was built." : NOT_CONFIGURED}
        </p>
      ) : (
        <ol class="steps">
          {history.map((step, index) => (
            <StepRow key={index} step={step} bytes={step.layer === null ? null : (layers[step.layer]?.size ?? null)} />
          ))}
        </ol>
      )}
    </section>
  );
}

function StepRow({ step, bytes }: { step: Step; bytes: number | null }) {
  const { created_by, created, comment, layer } = step;
  const { word, text, args } = command(created_by ?? "");
  const builder = comment !== null && comment !== "" && !/^buildkit\.dockerfile/.test(comment) ? comment : null;
  return (
    <li class={layer === null ? "is-empty" : ""}>
      <span class="step-layer tabular">
        {layer === null ? (
          <span class="hidden">no layer</span>
        ) : (
          <a href={`#layer-${layer}`} onClick={(event) => show(event, layer)}>
            {layer + 1}
            <span class="hidden"> is its layer</span>
          </a>
        )}
      </span>
      <div class="step-what">
        <pre class="step-command">
          {word !== "" && <span class="word">{word} </span>}
          {text === "" && word === "" ? <span class="muted">not said</span> : <Text lines>{text}</Text>}
        </pre>
        {(args !== "" || builder !== null) && (
          <p class="muted step-more">
            {args !== "" && (
              <span>
                with <Text>{args}</Text>
              </span>
            )}
            {builder !== null && <Text>{builder}</Text>}
          </p>
        )}
      </div>
      <span class="step-numbers tabular">
        <span>{bytes === null ? <span class="muted">no layer</span> : size(bytes)}</span>
        {created !== null && (
          <span class="muted">
            <Time at={created} relative />
          </span>
        )}
      </span>
    </li>
  );
}

/** To the row of the layer; the address of the screen stays. */
function show(event: Event, layer: number): void {
  event.preventDefault();
  const row = document.getElementById(`layer-${layer}`);
  row?.scrollIntoView({ block: "nearest" });
  row?.focus({ preventScroll: true });
}
