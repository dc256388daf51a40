import { PageHead } from "../parts/page-head.tsx";
import { words } from "../words/index.ts";

/** How a phone or a PC learns to trust the box's own certificate authority. */
export default function Trust() {
  const w = words.value.trust;
  const systems = [
    ["Android", w.android],
    ["iPhone, iPad", w.ios],
    ["Windows", w.windows],
  ] as const;
  return (
    <section class="prose" aria-labelledby="title">
      <PageHead title={w.title} />
      <p>{w.why}</p>
      <p>
        <a class="button primary" href="/ca.crt" download>
          {w.download}
        </a>
      </p>
      <p>{w.check}</p>
      {systems.map(([name, steps]) => (
        <section key={name} class="panel" aria-label={name}>
          <h2>{name}</h2>
          <ol>
            {steps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </section>
      ))}
      <p class="note">{w.own}</p>
    </section>
  );
}
