/** The address is the state: what stands after `#` says which screen is shown. */

export type Route =
  | { screen: "open" }
  | { screen: "image"; name: string; platform: string | null }
  | { screen: "unknown"; path: string };

/** What `lugger serve` puts there for a start. */
export interface Arrival {
  token: string;
  reference: string | null;
}

const IMAGE = "/image/";

export function parse(hash: string): Route {
  const path = hash.replace(/^#/, "");
  if (path === "" || path === "/") {
    return { screen: "open" };
  }
  const question = path.indexOf("?");
  const place = question < 0 ? path : path.slice(0, question);
  const name = place.startsWith(IMAGE) ? decode(place.slice(IMAGE.length)) : null;
  if (name === null || name === "") {
    return { screen: "unknown", path };
  }
  const query = new URLSearchParams(question < 0 ? "" : path.slice(question));
  return { screen: "image", name, platform: query.get("platform") || null };
}

export function format(route: Route): string {
  if (route.screen !== "image") {
    return "#/";
  }
  const readable = (text: string) => encodeURIComponent(text).replace(/%(?:2F|3A|40|2B)/g, decodeURIComponent);
  const query = route.platform === null ? "" : `?platform=${readable(route.platform).replaceAll("+", "%2B")}`;
  return `#${IMAGE}${readable(route.name)}${query}`;
}

/** The token in `#t=TOKEN&ref=IMAGE`, or null if the page was not opened by `lugger serve`. */
export function arrival(hash: string): Arrival | null {
  const members = new URLSearchParams(hash.replace(/^#/, ""));
  const token = members.get("t");
  return token === null || token === "" ? null : { token, reference: members.get("ref") || null };
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
