// Builds the plugin into dist/: module.js is an AMD module, as Grafana's loader takes it; what Grafana has is not bundled.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

// Only what Grafana 11.6 to 13 all share with plugins. JSX is the classic one: react/jsx-runtime came later.
const shared = ['react', 'rxjs', '@emotion/css', '@grafana/data', '@grafana/runtime', '@grafana/ui'];
const largest = 150 * 1024;

rmSync('dist', { recursive: true, force: true });
mkdirSync('dist', { recursive: true });
const names = JSON.stringify(shared);
await build({
  entryPoints: ['src/module.ts'],
  outfile: 'dist/module.js',
  bundle: true,
  minify: true,
  sourcemap: 'external',
  format: 'cjs',
  target: 'es2021',
  external: shared,
  jsx: 'transform',
  banner: { js: `define(${names},function(...shared){const module={exports:{}};const exports=module.exports;const require=(name)=>shared[${names}.indexOf(name)];` },
  footer: { js: 'return module.exports;});' },
  logLevel: 'warning',
});
const version = JSON.parse(readFileSync('package.json', 'utf8')).version;
const plugin = readFileSync('src/plugin.json', 'utf8').replaceAll('%VERSION%', version).replaceAll('%TODAY%', '2026-11-22');
writeFileSync('dist/plugin.json', plugin);
for (const file of ['README.md', 'CHANGELOG.md']) {
  cpSync(file, `dist/${file}`);
}
cpSync('../../LICENSE', 'dist/LICENSE');
cpSync('src/img', 'dist/img', { recursive: true });
const size = statSync('dist/module.js').size;
if (size > largest) {
  throw new Error(`module.js has ${size} bytes, more than ${largest}`);
}
console.log(`chat-panel: dist/module.js, ${size} bytes`);
