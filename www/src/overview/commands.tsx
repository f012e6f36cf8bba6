import type { Overview } from "lugger";
import { commands } from "../text/shell.ts";
import { CommandLine } from "../ui/copy.tsx";

/** The same content on a command line. */
export function Commands({ overview }: { overview: Overview }) {
  const { name, target, platforms, platform } = overview;
  const lines = commands(name, target.digest, platforms.length > 1 ? platform : null);
  return lines.length === 0 ? null : (
    <section class="panel" aria-labelledby="commands">
      <div class="panel-head">
        <h2 id="commands">On a command line</h2>
      </div>
      <ul class="commands">
        {lines.map(({ tool, line }) => (
          <li key={tool}>
            <CommandLine line={line} what={`the ${tool} command`} />
          </li>
        ))}
      </ul>
    </section>
  );
}
