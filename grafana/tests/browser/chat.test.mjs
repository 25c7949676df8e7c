// Drives the built chat panel in Chromium, on the packages of several Grafana generations, against PostgreSQL.
//   chat.test.mjs CACHE SITE GENERATION…      with PG* of the database that stub.sql was run in
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, site, ...generations] = process.argv.slice(2);
const require = createRequire(join(cache, 'tools', 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const EVIL = `O'Brien's "Q3" $revenue(x) \${region} $region [[region]] $__interval $__timeFrom() $$ '; DROP TABLE kpi.asked;-- \\ ünïcode 🚀 {"a":1}`;

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

function sql(text) {
  return execFileSync('psql', ['-X', '-q', '-A', '-t', '-c', text], { encoding: 'utf8' }).replace(/\n$/, '');
}
const lastAsked = (what) => sql(`SELECT ${what} FROM kpi.asked ORDER BY n DESC LIMIT 1`);

async function open(browser, generation, query = '') {
  const page = await browser.newPage({ viewport: { width: 720, height: 680 } });
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.setDefaultTimeout(90_000); // the unbundled libraries are large, and machines may be busy
  await page.goto(`${site}/site/chat-${generation}.html?${query}`);
  await page.getByRole('log').waitFor();
  return { page, errors };
}

async function asks(page, question) {
  await page.getByLabel('Your question').fill(question);
  await page.keyboard.press('Enter');
}

async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.filter((v) => ['serious', 'critical'].includes(v.impact)).map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
}

async function conversation(browser, generation) {
  const { page, errors } = await open(browser, generation);
  check(`${generation} first suggestions`, (await page.getByRole('group', { name: 'Suggested questions' }).getByRole('button').count()) === 5);
  check(`${generation} the button waits for a question`, await page.getByRole('button', { name: 'Ask', exact: true }).isDisabled());

  await asks(page, EVIL);
  await page.getByText('✓ Verified').waitFor();
  check(`${generation} the input has the focus again`, await page.getByLabel('Your question').evaluate((element) => element === document.activeElement));
  const drawn = await page.evaluate(() => performance.now() - window.returned);
  check(`${generation} drawn within 1 s`, drawn < 1000, `${drawn} ms`);
  check(`${generation} question arrives byte-identical`, lastAsked(`encode(convert_to(question, 'UTF8'), 'hex')`) === Buffer.from(EVIL).toString('hex'), lastAsked('question'));
  check(`${generation} filter of the dashboard`, lastAsked('filter') === '{"brand": ["O\\"Brien"]}', lastAsked('filter'));
  check(`${generation} no period unless wanted`, lastAsked('period IS NULL') === 't');
  check(`${generation} one request a question`, (await page.evaluate(() => window.requests)) === 1);
  check(`${generation} rows`, (await page.getByRole('table').getByRole('row').count()) === 11);
  check(`${generation} chart`, (await page.getByRole('img', { name: /value over time/ }).count()) === 1);
  check(`${generation} fractions are percentages`, (await page.getByRole('cell', { name: '4.2 %' }).count()) > 0);
  check(`${generation} no images`, (await page.locator('article img').count()) === 0);
  check(`${generation} no links elsewhere`, (await page.locator('article a[href*="elsewhere"], article a[href^="javascript"], article [onclick]').count()) === 0);
  check(`${generation} links here stay`, (await page.locator('article a[href="/d/kpi-why"]').count()) === 1);
  check(`${generation} no script ran`, (await page.evaluate(() => window.hacked)) === undefined);
  await page.getByText('How this was found').click();
  check(`${generation} plan and SQL`, await page.getByText("SELECT * FROM kpi.history('revenue', 'month')").isVisible());
  check(`${generation} Explore`, (await page.getByRole('link', { name: 'Open in Explore' }).getAttribute('href')).includes('/explore?schemaVersion=1&panes='));

  await page.getByRole('button', { name: 'And by channel?' }).click();
  await page.locator('article').nth(1).getByText('✓ Verified').waitFor();
  check(`${generation} a follow-up keeps the conversation`, lastAsked('conversation') === '11111111-2222-3333-4444-555555555555', lastAsked('conversation'));

  await page.getByRole('button', { name: /^brand: / }).click();
  await page.getByRole('button', { name: /2025-01-01 to/ }).click();
  await asks(page, 'unverified');
  await page.getByText('Not verified', { exact: true }).waitFor();
  check(`${generation} context can be switched`, lastAsked('filter::text || period') === '{}[2025-01-01,2026-01-01)', lastAsked('filter::text || period'));
  check(`${generation} another context is another conversation`, lastAsked('conversation IS NULL') === 't', lastAsked('conversation'));
  check(`${generation} axe, conversation`, (await violations(page)).length === 0, (await violations(page)).join('\n'));
  check(`${generation} no error on the page`, errors.length === 0, errors.join('\n'));

  await page.reload();
  await page.getByRole('log').waitFor();
  await page.getByLabel('Your question').focus();
  await page.keyboard.press('ArrowUp');
  check(`${generation} arrow up brings the last question back`, (await page.getByLabel('Your question').inputValue()) === 'unverified');
  await page.getByRole('button', { name: 'History' }).click();
  check(`${generation} history`, (await page.getByRole('group', { name: 'Questions you asked before' }).getByRole('button').count()) === 4);
  await page.close();
}

async function troubles(browser, generation) {
  const { page } = await open(browser, generation, 'theme=light');
  await asks(page, 'slow');
  await page.getByRole('button', { name: 'Cancel' }).click();
  check(`${generation} cancel`, await page.getByText('Cancelled.').isVisible());
  check(`${generation} cancel ends the request`, (await page.evaluate(() => window.aborted)) >= 1);
  await asks(page, 'slow');
  await page.getByLabel('Your question').press('Escape');
  check(`${generation} escape cancels`, (await page.getByText('Cancelled.').count()) === 2);

  await asks(page, 'error');
  await page.getByRole('alert').waitFor();
  check(`${generation} an error says what to do`, await page.getByText('run sql/grafana_role.sql in the database').isVisible());
  check(`${generation} an error shows the server's words`, await page.getByText('permission denied for function ask').isVisible());
  const requests = await page.evaluate(() => window.requests);
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('alert').nth(1).waitFor();
  check(`${generation} retry asks again`, (await page.evaluate(() => window.requests)) === requests + 1);
  check(`${generation} axe, errors in light`, (await violations(page)).length === 0, (await violations(page)).join('\n'));

  await page.getByLabel('Your question').fill('two');
  await page.keyboard.press('Shift+Enter');
  check(`${generation} shift and enter is a new line`, (await page.getByLabel('Your question').inputValue()) === 'two\n');
  await page.getByRole('button', { name: 'New chat' }).click();
  check(`${generation} a new chat is empty`, (await page.locator('article').count()) === 0);
  await page.close();

  const lost = await open(browser, generation, 'uid=gone');
  await asks(lost.page, 'anything');
  await lost.page.getByText('There is no such data source').waitFor();
  check(`${generation} a missing data source is an error, not a spinner`, (await lost.page.getByRole('button', { name: 'Cancel' }).count()) === 0);
  await lost.page.close();

  const narrow = await open(browser, generation, 'width=300');
  await asks(narrow.page, 'narrow');
  await narrow.page.getByText('✓ Verified').waitFor();
  const wide = await narrow.page.getByRole('log').evaluate((element) => element.scrollWidth - element.clientWidth);
  check(`${generation} narrow panels do not scroll sideways`, wide <= 0, `${wide} px`);
  await narrow.page.close();
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] });
for (const generation of generations) {
  const before = failed;
  try {
    await conversation(browser, generation);
    await troubles(browser, generation);
  } catch (error) {
    check(`${generation} ran to its end`, false, String(error.stack ?? error).slice(0, 800));
  }
  console.log(`chat panel on Grafana ${generation}: ${failed === before ? 'ok' : 'failed'}`);
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
