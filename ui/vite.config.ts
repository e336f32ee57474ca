import { defineConfig } from "vite";
import { compressed } from "./compress.ts";
import { graphiqlChanges } from "./graphiql.ts";

// One build, two pages, which share no code: the console is Preact (what tsconfig.json says), files of the
// playground say that they are React's in their first line.
export default defineConfig({
  // Every address is relative, so that the pages work under whatever prefix a proxy puts before them.
  base: "./",
  build: {
    outDir: "../app/web/pages",
    assetsDir: "static",
    emptyOutDir: true,
    target: "es2022",
    // A data: address in a style sheet or script would need more room in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 5000,
    rolldownOptions: {
      input: ["console.html", "playground.html"],
      // "use client" means nothing here.
      onLog: (level, log, tell) => log.code === "MODULE_LEVEL_DIRECTIVE" || tell(level, log),
    },
  },
  // For work on a page: `npx vite` beside a running service, then /console.html or /playground.html.
  server: { proxy: { "/graphql": { target: "http://127.0.0.1:8000", ws: true } } },
  plugins: [graphiqlChanges(), compressed()],
});
