import type { Image } from "lugger";
import { useRef } from "preact/hooks";
import { format } from "../route.ts";
import { fail, trouble } from "../state/files.ts";
import { asError } from "../state/host.ts";
import { clear, images, remove } from "../state/images.ts";
import { plural, short, size } from "../text/format.ts";
import { inert } from "../text/inert.ts";
import { familiar } from "../text/reference.ts";
import { Icon } from "../ui/icon.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

/** The images that are in this browser. */
export function Recent() {
  const heading = useRef<HTMLHeadingElement>(null);
  const all = images.value;
  // What had the focus is gone with the row.
  const act = (what: Promise<boolean>) =>
    what.then(
      (gone) => gone && heading.current?.focus(),
      (why) => fail(asError(why)),
    );
  return (
    <section class="panel recent" aria-labelledby="recent">
      <div class="panel-head">
        <h2 id="recent" ref={heading} tabIndex={-1}>
          In this browser
        </h2>
        {all !== null && all.length > 0 && (
          <button type="button" class="quiet" onClick={() => act(clear())}>
            <Icon name="trash" /> Delete all
          </button>
        )}
      </div>
      {all === null && (
        <p class="muted empty">{trouble.value === null ? "Looking what is here …" : "What is here is not known."}</p>
      )}
      {all?.length === 0 && (
        <p class="muted empty">
          No image yet. What you open stays here until you delete it, and opens again without a network.
        </p>
      )}
      {all !== null && all.length > 0 && (
        <ul class="images">
          {all.map((image) => (
            <Row key={image.name} image={image} onDelete={() => act(remove(image))} />
          ))}
        </ul>
      )}
      {all !== null && all.length > 1 && (
        <p class="muted tabular total">{plural(all.length, "image")}. Sizes count what they share once for each.</p>
      )}
    </section>
  );
}

function Row({ image, onDelete }: { image: Image; onDelete: () => void }) {
  const { name, target, platforms, size: bytes, updated_at } = image;
  return (
    <li>
      <a class="image-name" href={format({ screen: "image", name, platform: null })}>
        <Text>{familiar(name)}</Text>
      </a>
      <span class="image-more muted">
        <code>{short(target.digest)}</code>
        <Text>
          {platforms.length > 3
            ? `${platforms.slice(0, 2).join(", ")} and ${platforms.length - 2} more`
            : platforms.join(", ")}
        </Text>
        <Time at={updated_at} relative />
      </span>
      <span class="image-size tabular">{size(bytes)}</span>
      <button type="button" class="quiet" aria-label={`Delete ${inert(name)}`} title="Delete" onClick={onDelete}>
        <Icon name="trash" />
      </button>
    </li>
  );
}
