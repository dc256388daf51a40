import { useSignal } from "@preact/signals";
import { create } from "qrcode";
import type { MachineAnswer } from "../../../gateway/core/api.ts";
import { machines, site } from "../live.ts";
import { Icon } from "../parts/icon.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { Pictogram } from "../parts/pictogram.tsx";
import { nameOf } from "../titles.ts";
import { words } from "../words/index.ts";

/** Printable A6 labels: the browser's print dialogue makes the paper or the PDF. */
export default function Labels() {
  const w = words.value.labels;
  const address = useSignal(location.origin);
  const onlyHere = /^https?:\/\/(localhost|127\.|\[::1\])/.test(address.value);
  return (
    <section aria-labelledby="title">
      <div class="no-print">
        <PageHead title={w.title}>
          <button type="button" class="primary" onClick={() => print()}>
            {w.print}
          </button>
        </PageHead>
        <p>{w.intro}</p>
        <label class="field">
          {w.address}
          <input
            type="text"
            value={address.value}
            onInput={(event) => {
              address.value = event.currentTarget.value.trim().replace(/\/+$/, "");
            }}
          />
        </label>
        {onlyHere && (
          <p class="problem" role="status">
            {w.loopback}
          </p>
        )}
      </div>
      <div class="labels">
        {machines.value
          .filter(({ id }) => id !== "gateway")
          .map((machine) => (
            <MachineLabel
              key={machine.id}
              machine={machine}
              address={`${address.value}/m/${encodeURIComponent(machine.code)}`}
            />
          ))}
      </div>
    </section>
  );
}

function MachineLabel({ machine, address }: { machine: MachineAnswer; address: string }) {
  const w = words.value.labels;
  const name = nameOf(machine);
  const { size, path } = qrPath(address);
  return (
    <article class="label-card">
      <h2>{name}</h2>
      <svg
        class="qr"
        viewBox={`-4 -4 ${size + 8} ${size + 8}`}
        role="img"
        aria-label={address}
        shape-rendering="crispEdges"
      >
        <path d={path} />
      </svg>
      <p class="label-foot">
        <Pictogram kind={machine.kind ?? machine.id} size={56} />
        <span>
          <b>{machine.code}</b>
          {w.scan}
          <small>{address}</small>
        </span>
      </p>
      <p class="label-site">
        {words.value.app.name} · {site.value?.name}
      </p>
      <button
        type="button"
        class="quiet no-print"
        aria-label={w.download(name)}
        title={w.download(name)}
        onClick={() => download(machine.code, size, path)}
      >
        <Icon name="download" />
      </button>
    </article>
  );
}

/** Dark squares of a QR code as one SVG path. Middle error correction: a label in a workshop gets scratched. */
function qrPath(text: string): { size: number; path: string } {
  const { modules } = create(text, { errorCorrectionLevel: "M" });
  let path = "";
  for (let row = 0; row < modules.size; row++) {
    for (let column = 0; column < modules.size; column++)
      if (modules.get(row, column)) path += `M${column} ${row}h1v1h-1z`;
  }
  return { size: modules.size, path };
}

function download(code: string, size: number, path: string): void {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-4 -4 ${size + 8} ${size + 8}" shape-rendering="crispEdges"><path fill="#fff" d="M-4-4h${size + 8}v${size + 8}h-${size + 8}z"/><path d="${path}"/></svg>`;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  link.download = `vigie-${code}.svg`;
  link.click();
  URL.revokeObjectURL(link.href);
}
