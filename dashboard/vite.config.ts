import { defineConfig, type Plugin } from "vite";

/** The page is served by the gateway itself under a strict content policy: nothing inline, no data: addresses. */
export default defineConfig({
  root: import.meta.dirname,
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [assetList()],
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    target: ["chrome111", "firefox114", "safari16.4"],
  },
});

/** The names of everything the page may load, for the service worker to keep. */
function assetList(): Plugin {
  return {
    name: "asset-list",
    generateBundle(_, bundle) {
      const names = Object.keys(bundle).filter((name) => name.startsWith("assets/"));
      this.emitFile({
        type: "asset",
        fileName: "assets.json",
        source: JSON.stringify(names.map((name) => `/${name}`)),
      });
    },
  };
}
