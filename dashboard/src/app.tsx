import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { accountNeeded } from "./http.ts";
import { alarms, link, site } from "./live.ts";
import Workshop from "./pages/workshop.tsx";
import { Banner } from "./parts/banner.tsx";
import { Entrance } from "./parts/entrance.tsx";
import { Icon, type IconName } from "./parts/icon.tsx";
import { PageHead } from "./parts/page-head.tsx";
import { Settings } from "./parts/settings.tsx";
import { moved, path, wall } from "./router.ts";
import { isOpen } from "./status.ts";
import type { Words } from "./words/fr.ts";
import { language, words } from "./words/index.ts";

type Page = () => Promise<{ default: ComponentType }>;

/** Every page but the first is a piece of its own, fetched when first opened. Only pages with an `icon` are in the menu; `open` ones are for strangers too. */
const pages: readonly {
  path: RegExp;
  page: Page;
  title: (w: Words) => string;
  href?: string;
  icon?: IconName;
  open?: true;
}[] = [
  {
    path: /^\/$/,
    page: async () => ({ default: Workshop }),
    title: (w) => w.nav.workshop,
    href: "/",
    icon: "workshop",
  },
  {
    path: /^\/alarms$/,
    page: () => import("./pages/alarms.tsx"),
    title: (w) => w.nav.alarms,
    href: "/alarms",
    icon: "bell",
  },
  { path: /^\/alarms\/history$/, page: () => import("./pages/alarm-history.tsx"), title: (w) => w.alarms.historyTab },
  {
    path: /^\/alarms\/deliveries$/,
    page: () => import("./pages/alarm-deliveries.tsx"),
    title: (w) => w.deliveries.title,
  },
  { path: /^\/alarms\/duty$/, page: () => import("./pages/alarm-duty.tsx"), title: (w) => w.duty.title },
  { path: /^\/alarms\/drills$/, page: () => import("./pages/alarm-drills.tsx"), title: (w) => w.drills.title },
  { path: /^\/alarms\/quality$/, page: () => import("./pages/alarm-quality.tsx"), title: (w) => w.figures.title },
  {
    path: /^\/history$/,
    page: () => import("./pages/history.tsx"),
    title: (w) => w.nav.history,
    href: "/history",
    icon: "chart",
  },
  {
    path: /^\/energy$/,
    page: () => import("./pages/energy.tsx"),
    title: (w) => w.nav.energy,
    href: "/energy",
    icon: "energy",
  },
  { path: /^\/config$/, page: () => import("./pages/config.tsx"), title: (w) => w.config.title },
  { path: /^\/bus$/, page: () => import("./pages/bus.tsx"), title: (w) => w.nav.bus, href: "/bus", icon: "bus" },
  {
    path: /^\/system$/,
    page: () => import("./pages/system.tsx"),
    title: (w) => w.nav.system,
    href: "/system",
    icon: "system",
  },
  { path: /^\/backtest$/, page: () => import("./pages/backtest.tsx"), title: (w) => w.backtest.title },
  { path: /^\/commission$/, page: () => import("./pages/commission.tsx"), title: (w) => w.commission.title },
  { path: /^\/users$/, page: () => import("./pages/users.tsx"), title: (w) => w.users.title },
  { path: /^\/account$/, page: () => import("./pages/account.tsx"), title: (w) => w.account.title },
  { path: /^\/trust$/, page: () => import("./pages/trust.tsx"), title: (w) => w.trust.title, open: true },
  { path: /^\/labels$/, page: () => import("./pages/labels.tsx"), title: (w) => w.labels.title },
  { path: /^\/m\/[^/]+$/, page: () => import("./pages/machine.tsx"), title: () => "" },
];

export function App() {
  const here = pages.find((page) => page.path.test(path.value));
  const w = words.value;
  const lost = link.value === "lost";
  useEffect(() => {
    document.title = [here?.title(w), site.value?.name ?? w.app.name].filter(Boolean).join(" · ");
    document.documentElement.lang = language.value;
    document.documentElement.classList.toggle("wall", wall.value);
    document.documentElement.classList.toggle("lost", lost);
  });
  return (
    <>
      <a class="skip" href="#content">
        {w.app.skip}
      </a>
      {!wall.value && <TopBar />}
      <Banner />
      <main id="content" tabIndex={-1}>
        {accountNeeded.value && !here?.open ? (
          <Entrance />
        ) : here ? (
          <Loaded key={path.value} page={here.page} />
        ) : (
          <PageHead title={w.app.notFound}>
            <a class="button" href="/">
              {w.app.back}
            </a>
          </PageHead>
        )}
      </main>
    </>
  );
}

function TopBar() {
  const w = words.value;
  const open = alarms.value.filter(isOpen).length;
  return (
    <header class="top">
      <a class="brand" href="/">
        <img src="/icon.svg" alt="" width="32" height="32" />
        <span>
          {w.app.name}
          {site.value && <small>{site.value.name}</small>}
        </span>
      </a>
      <nav aria-label={w.app.menu}>
        {pages.map(({ href, icon, title, path: pattern }) =>
          href && icon ? (
            <a key={href} href={href} aria-current={pattern.test(path.value) ? "page" : undefined}>
              <Icon name={icon} />
              <span>{title(w)}</span>
              {icon === "bell" && open > 0 && (
                <b class="badge" title={w.alarms.count(open)}>
                  {open}
                </b>
              )}
            </a>
          ) : null,
        )}
      </nav>
      <Settings />
    </header>
  );
}

function Loaded({ page }: { page: Page }) {
  const w = words.value.app;
  const found = useSignal<{ default: ComponentType } | null>(null);
  const failed = useSignal(false);
  const load = (): void => {
    failed.value = false;
    page().then(
      (loaded) => {
        found.value = loaded;
      },
      () => {
        failed.value = true;
      },
    );
  };
  useEffect(load, [page]);
  useEffect(() => {
    // Who came by keyboard goes on from the new page's title, and a screen reader says it.
    if (found.value && moved()) document.getElementById("title")?.focus({ preventScroll: true });
  }, [found.value]);
  if (failed.value)
    return (
      <p class="empty" role="alert">
        {w.failed}{" "}
        <button type="button" onClick={load}>
          {w.retry}
        </button>
      </p>
    );
  return found.value ? <found.value.default /> : <p class="empty loading">{w.loading}</p>;
}
