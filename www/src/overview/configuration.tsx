import type { Overview, RunConfig } from "lugger";
import type { ComponentChildren } from "preact";
import { quote } from "../text/shell.ts";
import { Text } from "../ui/text.tsx";
import { isConfigured, NOT_CONFIGURED } from "./configured.ts";

/** What runs when it is started, and how. */
export function Configuration({ overview }: { overview: Overview }) {
  return (
    <section class="panel configuration" aria-labelledby="configuration">
      <div class="panel-head">
        <h2 id="configuration">Configuration</h2>
      </div>
      {isConfigured(overview) ? <Run run={overview.run ?? {}} /> : <p class="muted empty">{NOT_CONFIGURED}</p>}
    </section>
  );
}

function Run({ run }: { run: RunConfig }) {
  const env = run.Env ?? [];
  const ports = Object.keys(run.ExposedPorts ?? {});
  const volumes = Object.keys(run.Volumes ?? {});
  return (
    <dl class="pairs">
      <Row name="Entrypoint">{words(run.Entrypoint)}</Row>
      <Row name="Command">{words(run.Cmd)}</Row>
      <Row name="User">{run.User ? <Text>{run.User}</Text> : <span class="muted">root</span>}</Row>
      <Row name="Directory">{run.WorkingDir ? <Text>{run.WorkingDir}</Text> : <span class="muted">/</span>}</Row>
      {run.StopSignal && (
        <Row name="Stop signal">
          <Text>{run.StopSignal}</Text>
        </Row>
      )}
      {ports.length > 0 && <Row name="Ports">{list(ports)}</Row>}
      {volumes.length > 0 && <Row name="Volumes">{list(volumes)}</Row>}
      {env.length > 0 && <Row name="Environment">{list(env)}</Row>}
    </dl>
  );
}

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function words(list: string[] | null | undefined): ComponentChildren {
  return list && list.length > 0 ? <Text>{list.map(quote).join(" ")}</Text> : <span class="muted">none</span>;
}

function list(items: string[]): ComponentChildren {
  return (
    <ul class="plain">
      {items.map((item) => (
        <li key={item}>
          <Text>{item}</Text>
        </li>
      ))}
    </ul>
  );
}
