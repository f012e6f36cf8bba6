import type { Overview } from "lugger";
import type { Subject } from "../state/subject.ts";
import { familiar } from "../text/reference.ts";
import { Copy } from "../ui/copy.tsx";
import { Text } from "../ui/text.tsx";

/** What it is called. The digest keeps its line while it is not known. */
export function Head({ subject, overview }: { subject: Subject; overview: Overview | null }) {
  const others = overview?.names.filter((name) => name !== subject.name) ?? [];
  const name = familiar(subject.name);
  return (
    <header class="head">
      <h1>
        <Text>{name}</Text>
      </h1>
      <p class="digest">
        {overview === null ? (
          <span class="muted">Its digest is not known yet</span>
        ) : (
          <>
            <code class="whole">{overview.target.digest}</code>
            <Copy text={overview.target.digest} what="the digest" />
          </>
        )}
      </p>
      {others.length > 0 && (
        <p class="others muted">
          Also{" "}
          {others.map((other, index) => (
            <span key={other}>
              {index > 0 && ", "}
              <Text>{familiar(other)}</Text>
            </span>
          ))}
        </p>
      )}
    </header>
  );
}
