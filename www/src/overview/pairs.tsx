import { link } from "../text/shell.ts";
import { Text } from "../ui/text.tsx";

/** Names and values of others. What is an address of the web can be followed. */
export function Pairs({ title, pairs, empty }: { title: string; pairs: Record<string, string>; empty: string }) {
  const entries = Object.entries(pairs).sort(([a], [b]) => a.localeCompare(b));
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>{title}</h2>
        {entries.length > 0 && <span class="muted tabular">{entries.length}</span>}
      </div>
      {entries.length === 0 ? (
        <p class="muted empty">{empty}</p>
      ) : (
        <dl class="pairs is-stacked">
          {entries.map(([name, value]) => (
            <div key={name}>
              <dt>
                <Text>{name}</Text>
              </dt>
              <dd>
                <Value text={value} />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Value({ text }: { text: string }) {
  const to = link(text);
  return to === null ? (
    <Text lines>{text}</Text>
  ) : (
    <a href={to} target="_blank" rel="noopener noreferrer">
      <Text>{text}</Text>
    </a>
  );
}
