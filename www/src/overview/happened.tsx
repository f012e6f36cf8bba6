import type { Log } from "../state/log.ts";
import { plural } from "../text/format.ts";
import { Text } from "../ui/text.tsx";

/** Whom the page talked to, and what was said. */
export function Happened({ log }: { log: Log }) {
  const lines = log.lines.value;
  const hosts = log.hosts.value;
  return (
    <section class="panel happened" aria-labelledby="happened">
      <div class="panel-head">
        <h2 id="happened">What was asked of whom</h2>
      </div>
      <p class={hosts.length === 0 ? "muted" : ""}>
        {hosts.length === 0 ? (
          "Nobody was contacted: all of this comes from the store of this browser."
        ) : (
          <>
            Contacted <Text>{hosts.join(", ")}</Text>
          </>
        )}
      </p>
      {lines.length > 0 && (
        <details>
          <summary>{plural(lines.length, "line")}</summary>
          <ol class="lines">
            {lines.map(({ key, text, warning }) => (
              <li key={key} class={warning ? "is-warning" : ""}>
                <Text>{text}</Text>
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
}
