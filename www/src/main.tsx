import { render } from "preact";
import { App } from "./app.tsx";
import { arrival } from "./route.ts";
import { follow } from "./router.ts";
import { arrive } from "./state/host.ts";
import { followRoute, want } from "./state/screen.ts";
import { canonical } from "./text/reference.ts";

const root = document.getElementById("app");
if (root !== null) {
  const reference = arrive();
  if (reference !== null) {
    want(canonical(reference));
  }
  follow();
  followRoute();
  render(<App />, root);
}

// Another bridge, in the address of a page that is open already: the next page arrives there.
addEventListener("hashchange", () => {
  if (arrival(location.hash) !== null) {
    location.reload();
  }
});
