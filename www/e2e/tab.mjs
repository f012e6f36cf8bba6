/** Pages that tell what their worker says, and pass requests on to it: the page shows less than a test wants to know. */

/** Opens a page of a context at an address. */
export async function openTab(context, url) {
  const page = await context.newPage();
  await page.addInitScript(listen);
  await page.goto(url);
  return page;
}

/** Keeps the worker of the page, and all that it says, where `ask` and `events` find them. */
function listen() {
  const heard = [];
  const Native = Worker;
  window.heard = heard;
  window.Worker = class extends Native {
    constructor(...given) {
      super(...given);
      window.worker = this;
      this.addEventListener("message", ({ data }) => heard.push(data));
    }
  };
}

/** Asks the worker of the page for an operation in the words of the package's protocol; rejects with the failure's kind. */
export async function ask(page, request) {
  // The page starts its worker when it needs it first, which is at once.
  await page.waitForFunction(() => window.heard?.some(({ id }) => id === 0));
  return page.evaluate(async (request) => {
    // Beyond all numbers that the page gets to by itself.
    window.last = (window.last ?? 1e6) + 1;
    const id = window.last;
    const answer = new Promise((resolve) => {
      window.worker.addEventListener("message", ({ data }) => data.id === id && !("event" in data) && resolve(data));
    });
    window.worker.postMessage({ ...request, id });
    const { ok, failure } = await answer;
    if (failure !== undefined) {
      throw new Error(`${failure.kind}: ${failure.message}`);
    }
    return ok instanceof Uint8Array ? Array.from(ok) : ok;
  }, request);
}

/** All events of this kind so far, whichever operation they are of. */
export function events(page, kind) {
  return page.evaluate((kind) => window.heard.map(({ event }) => event).filter((event) => event?.event === kind), kind);
}

/** The store's ingests as the host writes them down: how many bytes the checkpoint has `seen`, and how many of ranges are `noted`. */
export function ingests(page) {
  return page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const opening = indexedDB.open("lugger");
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const rows = opening.result.transaction("ingests").objectStore("ingests").getAll();
          rows.onsuccess = () => {
            opening.result.close();
            // From here to there, from here to there.
            const noted = (bounds) => bounds?.reduce((sum, bound, at) => sum + (at % 2 === 0 ? -bound : bound), 0);
            resolve(rows.result.map(([, seen, , bounds]) => ({ seen, noted: noted(bounds) })));
          };
        };
      }),
  );
}
