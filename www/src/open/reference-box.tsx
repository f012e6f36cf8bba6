import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { images } from "../state/images.ts";
import { openReference } from "../state/screen.ts";
import { isPlain } from "../text/inert.ts";
import { canonical, familiar, parse } from "../text/reference.ts";

const PLATFORMS = [
  "linux/amd64",
  "linux/arm64",
  "linux/arm/v7",
  "linux/arm/v6",
  "linux/386",
  "linux/ppc64le",
  "linux/riscv64",
  "linux/s390x",
  "windows/amd64",
];

/** Where one types the name of an image. `compact` is the one beside the brand. */
export function ReferenceBox({ compact = false }: { compact?: boolean }) {
  const typed = useSignal("");
  const platform = useSignal("");
  const problem = useSignal<string | null>(null);
  const id = useId();
  const submit = (event: Event) => {
    event.preventDefault();
    const reference = parse(typed.value);
    if (typeof reference === "string") {
      problem.value = reference;
      document.getElementById(id)?.focus();
      return;
    }
    problem.value = null;
    openReference(canonical(typed.value.trim().replace(/^docker:\/\//, "")), platform.value || null);
    typed.value = "";
  };
  return (
    <form class={`reference ${compact ? "is-compact" : ""}`} onSubmit={submit} noValidate>
      <label class={compact ? "hidden" : ""} for={id}>
        Image reference
      </label>
      <div class="reference-row">
        <input
          id={id}
          name="reference"
          type="text"
          list={`${id}-known`}
          value={typed.value}
          placeholder={compact ? "Open an image" : "alpine:3.20 or ghcr.io/owner/app"}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          enterkeyhint="go"
          aria-invalid={problem.value !== null}
          aria-describedby={`${id}-problem`}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            problem.value = null;
          }}
        />
        <datalist id={`${id}-known`}>
          {images.value
            ?.filter(({ name }) => isPlain(name))
            .map(({ name }) => (
              <option key={name} value={familiar(name)} />
            ))}
        </datalist>
        <select
          aria-label="Platform"
          value={platform.value}
          onChange={(event) => {
            platform.value = event.currentTarget.value;
          }}
        >
          <option value="">Best platform</option>
          {PLATFORMS.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
          <option value="all">All platforms</option>
        </select>
        <button type="submit" class="primary">
          Open
        </button>
      </div>
      <p id={`${id}-problem`} class="problem" role="alert">
        {problem.value}
      </p>
    </form>
  );
}
