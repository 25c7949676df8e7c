// A page with the built chat panel, loaded as Grafana loads it, on the real packages of one generation.
import React from 'react';
import * as reactModule from 'react';
import { createRoot } from 'react-dom/client';
import * as rxjs from 'rxjs';
import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import { backend, parameters, prepare, theme } from './shared';

const modules: Record<string, unknown> = {
  react: reactModule, rxjs, '@emotion/css': emotion, '@grafana/data': data, '@grafana/runtime': runtime, '@grafana/ui': ui,
};
const page = window as unknown as Record<string, any>;

// Fails on whatever the plugin wants and Grafana does not share: a packaging error would show here.
page.define = (names: string[], factory: (...shared: unknown[]) => { plugin: data.PanelPlugin }) => {
  const missing = names.filter((name) => !(name in modules));
  if (missing.length > 0) {
    throw new Error(`not shared by Grafana: ${missing.join(', ')}`);
  }
  page.plugin = factory(...names.map((name) => modules[name])).plugin;
};

async function start() {
  await prepare();
  backend();
  const script = document.createElement('script');
  script.src = '/plugin/module.js';
  await new Promise((loaded, failed) => {
    script.onload = loaded;
    script.onerror = failed;
    document.head.appendChild(script);
  });
  const variables: Record<string, { json: string; text: string }> = {
    brand: { json: JSON.stringify([parameters.get('brand') ?? 'O"Brien']), text: 'x' },
    channel: { json: 'NULL', text: 'All' },
  };
  const replaceVariables = (text: string) =>
    text.replace(/\$\{(\w+):(json|text)\}/g, (all, name, style) => (variables[name] ? variables[name][style as 'json' | 'text'] : all));
  const Panel = page.plugin.panel;
  const width = Number(parameters.get('width') ?? 640);
  const from = data.dateTime('2025-01-01T00:00:00Z');
  const to = data.dateTime('2025-12-31T00:00:00Z');
  const options = { datasourceUid: parameters.get('uid') ?? 'pg-kpi-ask', suggestions: [], dimensions: ['brand', 'channel', 'vendor'], sendContext: true, sendTime: false, showSql: true };
  createRoot(document.getElementById('root')!).render(
    <data.ThemeContext.Provider value={theme}>
      <main style={{ width, height: 620, padding: 8, background: theme.colors.background.primary }}>
        <h1 style={{ fontSize: 14 }}>Ask</h1>
        <div style={{ height: 580 }}>
          <Panel id={1} options={options} width={width - 16} height={580} timeRange={{ from, to, raw: { from, to } }} timeZone="utc" transparent={false}
            replaceVariables={replaceVariables} data={{ state: 'Done', series: [], timeRange: { from, to, raw: { from, to } } }}
            fieldConfig={{ defaults: {}, overrides: [] }} renderCounter={0} title="Ask" eventBus={{}} onOptionsChange={() => {}}
            onFieldConfigChange={() => {}} onChangeTimeRange={() => {}} />
        </div>
      </main>
    </data.ThemeContext.Provider>
  );
}

start().catch((error) => {
  document.body.textContent = `page failed: ${error?.stack ?? error}`;
});
