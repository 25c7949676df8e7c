// Bundles the pages on the packages of one Grafana generation: build.mjs CACHE GENERATION PAGE…
import { createRequire } from 'node:module';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [cache, generation, ...pages] = process.argv.slice(2);
const require = createRequire(join(cache, 'tools', 'package.json'));
const { build } = require('esbuild');
const modules = join(cache, generation, 'node_modules');
const alias = {};
if (!existsSync(join(modules, '@grafana/i18n'))) {
  alias['@grafana/i18n'] = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, 'nothing.ts');
}
const site = join(cache, 'site');
mkdirSync(site, { recursive: true });
for (const page of pages) {
  const name = `${page}-${generation}`;
  await build({
    entryPoints: [new URL(`${page}.tsx`, import.meta.url).pathname],
    outfile: join(site, `${name}.js`),
    bundle: true,
    format: 'iife',
    target: 'es2022',
    jsx: 'transform',
    nodePaths: [modules],
    alias,
    define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
    loader: { '.svg': 'dataurl', '.woff': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl', '.png': 'dataurl', '.gif': 'dataurl' },
    mainFields: ['browser', 'module', 'main'],
    conditions: ['browser', 'module', 'import'],
    logLevel: 'error',
  });
  writeFileSync(
    join(site, `${name}.html`),
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${page}</title><link rel="stylesheet" href="/site/${name}.css">` +
      `<style>*{box-sizing:border-box}body{margin:0}button,textarea,input{font:inherit;color:inherit}p{margin:0 0 .5em}h1{margin:0}</style></head>` +
      `<body><script>window.__grafana_public_path__='/public/';window.grafanaBootData={settings:{featureToggles:{}},user:{id:7,orgId:1},navTree:[]};</script>` +
      `<div id="root"></div><script src="/site/${name}.js"></script></body></html>`
  );
}
