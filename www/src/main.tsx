import { render } from "preact";
import { App } from "./app.tsx";
import { arrive } from "./state/host.ts";

const root = document.getElementById("app");
if (root !== null) {
  arrive();
  render(<App />, root);
}
