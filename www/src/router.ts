import { signal } from "@preact/signals";
import { format, parse, type Route } from "./route.ts";

/** What the address says. */
export const route = signal<Route>(parse(location.hash));

addEventListener("hashchange", () => follow());
addEventListener("popstate", () => follow());

/** Goes there; with `replace` the place before is not one to come back to. */
export function navigate(to: Route, { replace = false } = {}): void {
  const hash = format(to);
  if (hash !== (location.hash || "#/")) {
    history[replace ? "replaceState" : "pushState"](null, "", hash);
  }
  follow();
}

/** Reads the address again. */
export function follow(): void {
  const next = parse(location.hash);
  // An address that leads nowhere has none to be written as.
  if (next.screen !== route.value.screen || format(next) !== format(route.value)) {
    route.value = next;
  }
}
