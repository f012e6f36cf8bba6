/** What is not known of an image is not said to be absent. */

import type { Overview } from "lugger";

export const NOT_CONFIGURED = "The configuration is not here yet.";

/** Whether anything is known of its configuration: it is here, or its registry told it. */
export function isConfigured({ config_state, run, history }: Overview): boolean {
  return config_state !== "absent" || run !== null || history.length > 0;
}
