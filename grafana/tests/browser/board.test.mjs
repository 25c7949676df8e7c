// Draws every dashboard in Chromium, dark and light, and keeps a picture of each.
//   board.test.mjs CACHE SITE GENERATION PICTURES [DASHBOARD…]
import { mkdirSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, site, generation, pictures, ...only] = process.argv.slice(2);
const require = createRequire(join(cache, 'tools', 'package.json'));
const { chromium } = require('playwright-core');
const dashboards = new URL('../../dashboards/', import.meta.url);
const names = readdirSync(dashboards).map((file) => file.replace(/\.json$/, '')).filter((name) => only.length === 0 || only.includes(name));

/** Texts that are wider than their place, in the page. A gauge's cell has a text beside it, not in it. */
function cut() {
  const SCROLLBAR = 16;
  const wider = (element) => element.scrollWidth > element.clientWidth + 1;
  const grids = Array.from(document.querySelectorAll('[role=grid]')).filter((grid) => grid.scrollWidth > grid.clientWidth + SCROLLBAR).map((grid) => ['a table scrolls sideways', grid]);
  const cells = Array.from(document.querySelectorAll('[role=gridcell], [role=columnheader]')).filter(wider).map((cell) => ['a cell is cut', cell]);
  const title = (element) => element.closest('section')?.querySelector('h2')?.textContent ?? '';
  return [...grids, ...cells].map(([what, element]) => `${title(element)}: ${what}${what.includes('cell') ? `: ${element.textContent}` : ''}`);
}

let passed = 0;
let failed = 0;
mkdirSync(pictures, { recursive: true });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
async function draw(name, theme) {
  const page = await browser.newPage({ viewport: { width: 1500, height: 1000 } });
  page.setDefaultTimeout(90_000);
  const problems = [];
  page.on('pageerror', (error) => problems.push(String(error).slice(0, 300)));
  try {
    await page.goto(`${site}/site/board-${generation}.html?board=${name}&theme=${theme}`);
    await page.locator('body[data-drawn], body:has-text("page failed")').first().waitFor();
    if ((await page.locator('#board').count()) === 0) {
      throw new Error((await page.locator('body').innerText()).slice(0, 500));
    }
    // What is out of sight is not drawn.
    const tall = await page.locator('#board').evaluate((element) => element.scrollHeight);
    await page.setViewportSize({ width: 1500, height: Math.ceil(tall) + 20 });
    await page.waitForTimeout(1500);
    if ((await page.getByLabel('Your question').count()) > 0) {
      await page.getByLabel('Your question').fill('Which brands drive growth?');
      await page.keyboard.press('Enter');
      await page.getByText('✓ Verified').waitFor();
      await page.waitForTimeout(300);
    }
    problems.push(...(await page.evaluate(cut)));
    problems.push(...(await page.locator('.broken').allInnerTexts()));
    const lines = await page.evaluate(() => window.board.panels.filter((panel) => ['timeseries', 'trend'].includes(panel.type) && panel.frames.some((frame) => frame.data.values[0]?.length)).length);
    const drawn = await page.locator('.uplot').count();
    if (drawn < lines) {
      problems.push(`${drawn} of ${lines} charts over time are drawn`);
    }
    await page.locator('#board').screenshot({ path: join(pictures, `${name}-${theme}.png`) });
  } catch (error) {
    problems.push(String(error).slice(0, 500));
  }
  if (problems.length === 0) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAIL ${name}, ${theme}: ${problems.join('; ')}`);
  }
  await page.close();
}

// Two at a time: half of each page's time is waiting.
const pages = names.flatMap((name) => ['dark', 'light'].map((theme) => [name, theme]));
await Promise.all([0, 1].map(async () => {
  for (let next = pages.shift(); next; next = pages.shift()) {
    await draw(...next);
  }
}));
await browser.close();
console.log(`dashboards drawn with @grafana/ui ${generation}, pictures in ${pictures}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
