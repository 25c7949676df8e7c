// The built chat panel in Chromium against the real kpi.ask(), as the role that Grafana's chat uses.
//   real.test.mjs CACHE SITE GENERATION…      with PG* of a copy of the demo database in which a brand has the strangest name
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, site, ...generations] = process.argv.slice(2);
const require = createRequire(join(cache, 'tools', 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const STRANGE = `A&B "x" 'y' 한글/100%`;
// A question that is answered, so that kpi.ask() keeps it, with all that Grafana or SQL could take for its own.
const EVIL = `Revenue by brand in November 2025 '; -- \${region} $__interval() [[x]] "q" \\`;

let passed = 0;
let failed = 0;
function check(what, is, detail = '') {
  if (is) {
    passed += 1;
  } else {
    failed += 1;
    console.log(`FAIL ${what} ${detail}`);
  }
}

const literal = (text) => `'${text.replaceAll("'", "''")}'`;
const sql = (text) => execFileSync('psql', ['-X', '-q', '-A', '-t', '-c', text], { encoding: 'utf8' }).replace(/\n$/, '');
const lastAsked = () => sql(`SELECT encode(convert_to(question, 'UTF8'), 'hex') FROM kpi.ask_turns WHERE role = 'kpi_grafana_ask' ORDER BY asked_at DESC LIMIT 1`);
const thousands = (text) => Number(text).toLocaleString('en-US');

async function asks(page, question) {
  const before = await page.locator('article').count();
  await page.getByLabel('Your question').fill(question);
  await page.keyboard.press('Enter');
  await page.locator('article').nth(before).getByText('✓ Verified').waitFor();
  const ms = await page.evaluate(() => performance.now() - window.returned);
  return { turn: page.locator('article').nth(before), ms };
}

async function conversation(browser, generation) {
  const page = await browser.newPage({ viewport: { width: 720, height: 680 } });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.setDefaultTimeout(90_000);
  await page.goto(`${site}/site/chat-${generation}.html?brand=${encodeURIComponent(STRANGE)}`);
  await page.getByRole('log').waitFor();

  // The first answer: what kpi.ask() says to the same role, drawn within a second, and of the chosen brand alone.
  const filter = JSON.stringify({ brand: [STRANGE] });
  const first = await asks(page, 'What was revenue in November 2025?');
  const [value, whole] = sql(`SELECT kpi.value('revenue', kpi.period('2025-11'), ${literal(filter)}) || '|' || kpi.value('revenue', kpi.period('2025-11'))`).split('|');
  const said = await first.turn.innerText();
  check(`${generation} the brand's revenue`, value !== '' && value !== whole && said.includes(thousands(value)), `${value} of ${whole}: ${said}`);
  check(`${generation} drawn within 1 s of the answer`, first.ms < 1000, `${first.ms} ms`);
  console.log(`chat panel on Grafana ${generation}: the first answer of kpi.ask() is drawn ${Math.round(first.ms)} ms after it is back`);
  const answer = sql(`SELECT answer FROM kpi.ask('What was revenue in November 2025?', filter => ${literal(filter)})`);
  check(`${generation} the answer is kpi.ask()'s`, said.includes(answer), `${answer}: ${said}`);

  // Without the filter, then a follow-up that leaves out what the question before it said.
  await page.getByRole('button', { name: /^brand: / }).click();
  const second = await asks(page, 'Revenue by channel in November 2025');
  const top = sql(`SELECT member || '|' || value FROM kpi.breakdown('revenue', kpi.period('2025-11'), '{channel}', top => 1)`).split('|');
  check(`${generation} rows`, (await second.turn.getByRole('cell', { name: top[0], exact: true }).count()) === 1 && (await second.turn.getByRole('cell', { name: thousands(top[1]), exact: true }).count()) > 0, top.join(' '));
  check(`${generation} a chart`, (await second.turn.getByRole('img').count()) === 1);
  const third = await asks(page, 'and in October 2025?');
  const october = sql(`SELECT value FROM kpi.breakdown('revenue', kpi.period('2025-10'), '{channel}', top => 1)`);
  check(`${generation} a follow-up`, (await third.turn.getByRole('cell', { name: thousands(october), exact: true }).count()) > 0, await third.turn.innerText());

  await page.getByLabel('Your question').fill(EVIL);
  await page.keyboard.press('Enter');
  await page.locator('article').nth(3).getByText(/Verified|Not verified/).first().waitFor();
  check(`${generation} the question arrives byte-identical`, lastAsked() === Buffer.from(EVIL).toString('hex'), lastAsked());
  check(`${generation} and does nothing`, sql(`SELECT count(*) > 0 FROM kpi.targets`) === 't');
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const serious = found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 120)}`);
  check(`${generation} axe`, serious.length === 0, serious.join('\n'));
  check(`${generation} no error on the page`, errors.length === 0, errors.join('\n'));
  await page.close();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
for (const generation of generations) {
  try {
    await conversation(browser, generation);
  } catch (error) {
    check(`${generation} ran to its end`, false, String(error.stack ?? error).slice(0, 800));
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
