import type { ComponentChildren } from "preact";

export const PageHead = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <header class="page-head">
    <div>
      <h1 id="title" tabIndex={-1}>
        {title}
      </h1>
    </div>
    {children && <div class="page-tools">{children}</div>}
  </header>
);
