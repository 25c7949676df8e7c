// A page with a dashboard drawn by the real components of @grafana/ui, from the rows that its queries gave.
// Bars by category (barchart) are not on npm: those are drawn here, plainly. Annotations are not drawn, and folds are open.
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides, DataFrame, dataFrameFromJSON, dateTime, Field, FieldConfigOptionsRegistry, FieldType, getDisplayProcessor, getFieldDisplayName,
  getDisplayValueAlignmentFactors, getFieldDisplayValues, outerJoinDataFrames, renderMarkdown, standardEditorsRegistry, standardFieldConfigEditorRegistry, ThemeContext, standardTransformersRegistry,
  transformDataFrame, standardTransformers, displayNameOverrideProcessor, unitOverrideProcessor, numberOverrideProcessor, stringOverrideProcessor,
  thresholdsOverrideProcessor, valueMappingsOverrideProcessor, identityOverrideProcessor, booleanOverrideProcessor, dataLinksOverrideProcessor, toDataFrame,
} from '@grafana/data';
import * as ui from '@grafana/ui';
import * as unstable from '@grafana/ui/unstable';
import { lastValueFrom } from 'rxjs';
import { backend, parameters, prepare, theme } from './shared';

const ANY = ui as unknown as Record<string, any>;
const WIDTH = 1480;
const CELL = 38;
const GAP = 8;

// Core's registry of field options is not exported; these are the ones our dashboards set.
function fieldOptions(): FieldConfigOptionsRegistry {
  const standard: Record<string, any> = {
    unit: unitOverrideProcessor, fieldMinMax: booleanOverrideProcessor, decimals: numberOverrideProcessor, min: numberOverrideProcessor, max: numberOverrideProcessor,
    displayName: displayNameOverrideProcessor, noValue: stringOverrideProcessor, thresholds: thresholdsOverrideProcessor,
    mappings: valueMappingsOverrideProcessor, links: dataLinksOverrideProcessor, color: identityOverrideProcessor,
  };
  const custom: Record<string, any> = {
    drawStyle: identityOverrideProcessor, lineWidth: numberOverrideProcessor, fillOpacity: numberOverrideProcessor, lineStyle: identityOverrideProcessor,
    fillBelowTo: stringOverrideProcessor, hideFrom: identityOverrideProcessor, stacking: identityOverrideProcessor, cellOptions: identityOverrideProcessor,
    width: numberOverrideProcessor, align: stringOverrideProcessor, hidden: booleanOverrideProcessor, showPoints: identityOverrideProcessor,
    pointSize: numberOverrideProcessor, axisPlacement: identityOverrideProcessor, lineInterpolation: identityOverrideProcessor, spanNulls: identityOverrideProcessor,
    wrapText: booleanOverrideProcessor, minWidth: numberOverrideProcessor, axisSoftMin: numberOverrideProcessor, axisLabel: stringOverrideProcessor,
    axisBorderShow: booleanOverrideProcessor, gradientMode: identityOverrideProcessor, thresholdsStyle: identityOverrideProcessor,
    scaleDistribution: identityOverrideProcessor, barAlignment: identityOverrideProcessor, filterable: booleanOverrideProcessor, inspect: booleanOverrideProcessor,
  };
  const item = (id: string, path: string, process: any, isCustom: boolean) =>
    ({ id, path, name: id, isCustom, process, shouldApply: () => true, override: () => null, editor: () => null, settings: {} }) as any;
  return new FieldConfigOptionsRegistry(() => [
    ...Object.entries(standard).map(([id, process]) => item(id, id, process, false)),
    ...Object.entries(custom).map(([id, process]) => item(`custom.${id}`, id, process, true)),
  ]);
}

const registry = fieldOptions();
standardFieldConfigEditorRegistry.setInit(() => registry.list());
standardEditorsRegistry.setInit(() => []);
// Some stand in the list under two names.
const transformers = new Map(Object.values(standardTransformers).map((t: any) => [t.id, t]));
// From 13 on they are loaded when they are used.
const LAZY = !/board-(11|12)\./.test(window.location.pathname);
standardTransformersRegistry.setInit(() =>
  Array.from(transformers.values(), (t) => ({ id: t.id, name: t.name, transformation: LAZY ? () => Promise.resolve(t) : t, editor: () => null }) as any)
);

/** As the SQL backend: a long time series becomes one field a name in column `metric`. */
function wide(frame: DataFrame): DataFrame {
  const names = frame.fields.find((field) => field.name === 'metric');
  const time = frame.fields.find((field) => field.name === 'time');
  if (!names || !time) {
    return frame;
  }
  const times = Array.from(new Set(time.values as number[])).sort((a, b) => a - b);
  const at = new Map(times.map((value, i) => [value, i]));
  const series = Array.from(new Set(names.values as string[]));
  const values = frame.fields.filter((field) => field.type === FieldType.number);
  const fields = values.flatMap((value) =>
    series.map((name) => {
      const column: Array<number | null> = times.map(() => null);
      frame.fields[0].values.forEach((_: unknown, row: number) => {
        if (names.values[row] === name) {
          column[at.get(time.values[row])!] = value.values[row];
        }
      });
      return { name: value.name, type: FieldType.number, values: column, config: { displayNameFromDS: name }, labels: { metric: name } } as Field;
    })
  );
  return toDataFrame({ refId: frame.refId, fields: [{ ...time, values: times, config: {} }, ...fields] });
}

async function frames(panel: any): Promise<DataFrame[]> {
  let series: DataFrame[] = panel.frames.map((json: any) => {
    const frame = dataFrameFromJSON(json);
    return json.format === 'time_series' ? wide(frame) : frame;
  });
  if (panel.transformations?.length) {
    series = await lastValueFrom(transformDataFrame(panel.transformations, series));
  }
  const shown = applyFieldOverrides({
    data: series, fieldConfig: panel.fieldConfig, replaceVariables: (text) => text, theme, timeZone: 'utc', fieldConfigRegistry: registry,
  });
  // Names are worked out once and kept in the field's state, where components look.
  shown.forEach((frame) => frame.fields.forEach((field) => getFieldDisplayName(field, frame, shown)));
  return shown;
}

interface Shape {
  panel: any;
  series: DataFrame[];
  width: number;
  height: number;
  from: number;
  to: number;
}

function Body({ panel, series, width, height, from, to }: Shape) {
  const empty = series.every((frame) => frame.length === 0);
  if (panel.type === 'text') {
    return <div dangerouslySetInnerHTML={{ __html: renderMarkdown(panel.options.content) }} />;
  }
  if (panel.type === 'pgkpi-chat-panel') {
    return <Chat width={width} height={height} from={from} to={to} options={panel.options} />;
  }
  if (empty) {
    return <div className="no-data">{panel.fieldConfig.defaults.noValue}</div>;
  }
  const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
  if (panel.type === 'timeseries') {
    const TimeSeries = ANY.TimeSeries;
    return (
      <TimeSeries width={width} height={height} frames={series} timeRange={range} timeZone="utc" legend={panel.options.legend} options={panel.options}
        structureRev={1} replaceVariables={(text: string) => text}>
        {() => null}
      </TimeSeries>
    );
  }
  if (panel.type === 'trend') {
    // Core's trend panel is this component over a number instead of time.
    const TimeSeries = ANY.TimeSeries;
    const isX = (field: Field) => field.name === panel.options.xField;
    const y = (field: Field) => field.type === FieldType.number && !isX(field);
    return (
      <TimeSeries width={width} height={height} frames={series} fields={{ x: isX, y }} timeRange={range} timeZone="utc" legend={panel.options.legend}
        options={panel.options} structureRev={1} replaceVariables={(text: string) => text}
        preparePlotFrame={(of: DataFrame[]) => outerJoinDataFrames({ frames: of, joinBy: isX, keep: y, keepOriginIndices: true })}>
        {() => null}
      </TimeSeries>
    );
  }
  if (panel.type === 'table') {
    const Table = (unstable as any).TableNG ?? ANY.TableNG;
    return <Table data={series[0]} width={width} height={height} noHeader={false} showTypeIcons={false} timeRange={range} cellHeight="sm" structureRev={1}
      fieldConfig={panel.fieldConfig} getActions={() => []} initialSortBy={[]} transparent={false} />;
  }
  if (panel.type === 'barchart') {
    return <Bars panel={panel} frame={series[0]} width={width} height={height} />;
  }
  const values = getFieldDisplayValues({
    fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: (text) => text, theme, data: series,
    sparkline: panel.options.graphMode === 'area', timeZone: 'utc', percentChange: false,
  } as any);
  if (panel.type === 'stat') {
    const each = height / values.length;
    return (
      <>
        {values.map((value, i) => (
          <ANY.BigValue key={i} width={width} height={each - 2} value={value.display} sparkline={value.sparkline} theme={theme} colorMode={panel.options.colorMode}
            graphMode={value.sparkline ? panel.options.graphMode : 'none'} justifyMode="auto" textMode={values.length > 1 ? 'value_and_name' : 'value'} hasLinks={false}
            text={panel.options.text} alignmentFactors={getDisplayValueAlignmentFactors(values)} wideLayout={panel.options.wideLayout} />
        ))}
      </>
    );
  }
  if (panel.type === 'bargauge') {
    const each = Math.min(height / values.length, panel.options.maxVizHeight + 8);
    const factors = getDisplayValueAlignmentFactors(values);
    return (
      <>
        {values.map((value, i) => (
          <div key={i} style={{ marginBottom: 2 }}>
            <ANY.BarGauge width={width} height={each - 2} orientation="horizontal" field={value.field} value={value.display} display={value.view?.getFieldDisplayProcessor?.(value.colIndex!)}
              theme={theme} displayMode="basic" itemSpacing={4} lcdCellWidth={8} showUnfilled alignmentFactors={factors} text={panel.options.text} />
          </div>
        ))}
      </>
    );
  }
  return <div className="no-data">cannot be drawn here: {panel.type}</div>;
}

function Bars({ panel, frame, width, height }: { panel: any; frame: DataFrame; width: number; height: number }) {
  const flat = panel.options.orientation === 'horizontal';
  const x = frame.fields.find((field) => field.name === panel.options.xField)!;
  const numbers = frame.fields.filter((field) => field.type === FieldType.number);
  const rows = Array.from({ length: frame.length }, (_, i) => numbers.map((field) => Number(field.values[i] ?? 0)));
  // As a stack grows: what is above zero upwards, what is below downwards.
  const ends = rows.flatMap((row) => [row.filter((v) => v > 0).reduce((a, b) => a + b, 0), row.filter((v) => v < 0).reduce((a, b) => a + b, 0)]);
  const [low, high] = [Math.min(0, ...ends), Math.max(...ends, 1e-9)];
  const names = flat ? Math.min(width * 0.4, 8 + 6.6 * Math.max(...Array.from(x.values, (name) => String(name).length))) : 0;
  const step = (flat ? height : width) / frame.length;
  const at = (value: number) => (flat ? names + 50 + ((value - low) / (high - low)) * (width - names - 110) : 14 + (1 - (value - low) / (high - low)) * (height - 40));
  return (
    <svg width={width} height={height}>
      {rows.map((row, i) => {
        const under = { up: 0, down: 0 };
        const middle = i * step + step / 2;
        return (
          <g key={i}>
            {row.map((value, j) => {
              const field = numbers[j];
              const side = value < 0 ? 'down' : 'up';
              const base = under[side];
              under[side] += value;
              const color = theme.visualization.getColorByName(field.config.color?.fixedColor ?? theme.visualization.palette[j]);
              const shown = getDisplayProcessor({ field, theme, timeZone: 'utc' })(value);
              const [from, to] = [at(base), at(base + value)].sort((a, b) => a - b);
              const bar = flat ? { x: from, width: to - from, y: i * step + step * 0.12, height: step * 0.76 } : { x: i * step + step * 0.15, width: step * 0.7, y: from, height: to - from };
              const label = flat
                ? { x: value < 0 ? from - 4 : to + 4, y: middle + 4, textAnchor: value < 0 ? ('end' as const) : ('start' as const) }
                : { x: middle, y: from - 3, textAnchor: 'middle' as const };
              return value === 0 ? null : (
                <g key={j}>
                  <rect {...bar} fill={color} />
                  {field.config.color?.fixedColor !== 'transparent' && (
                    <text {...label} fontSize={11} fill={theme.colors.text.primary}>
                      {`${shown.text}${shown.suffix ?? ''}`}
                    </text>
                  )}
                </g>
              );
            })}
            <text x={flat ? names : middle} y={flat ? middle + 4 : height - 8} textAnchor={flat ? 'end' : 'middle'} fontSize={12} fill={theme.colors.text.secondary}>
              {String(x.values[i])}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function Chat({ width, height, from, to, options }: { width: number; height: number; from: number; to: number; options: any }) {
  const Panel = (window as any).plugin?.panel;
  if (!Panel) {
    return <div className="no-data">The chat panel is not built</div>;
  }
  const range = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
  return <Panel id={1} options={{ dimensions: ['brand'], ...options }} width={width} height={height} timeRange={range} timeZone="utc" replaceVariables={(text: string) => text} />;
}

class Guard extends React.Component<React.PropsWithChildren<{ title: string }>, { error: string }> {
  state = { error: '' };
  static getDerivedStateFromError(error: unknown) {
    return { error: String(error) };
  }
  render() {
    return this.state.error ? <div className="broken">{`${this.props.title}: ${this.state.error}`}</div> : this.props.children;
  }
}

async function start() {
  await prepare();
  backend();
  await chatModule();
  const name = parameters.get('board')!;
  const { board, variables, from, to } = await (await fetch(`/board/${name}`)).json();
  (window as any).board = board;
  const made = await Promise.all(board.panels.map(async (panel: any) => ({ panel, series: panel.frames.length ? await frames(panel) : [] })));
  const column = (WIDTH - 16) / 24;
  const bottom = Math.max(...board.panels.map((panel: any) => panel.gridPos.y + panel.gridPos.h));
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <style>{`.no-data{color:${theme.colors.text.secondary};padding:12px;text-align:center}.broken{color:${theme.colors.error.text};padding:12px}`}</style>
      <div id="board" style={{ width: WIDTH, padding: 8 }}>
        <div style={{ display: 'flex', gap: 12, padding: '4px 0 10px', alignItems: 'baseline', flexWrap: 'wrap' }}>
          <strong style={{ fontSize: 18 }}>{board.title.replace(/^\d+ /, '')}</strong>
          {variables.map((variable: any) => (
            <span key={variable.label} style={{ border: `1px solid ${theme.colors.border.weak}`, borderRadius: 2, padding: '2px 8px', fontSize: 12 }}>
              {variable.label}: {variable.text}
            </span>
          ))}
        </div>
        <div style={{ position: 'relative', height: bottom * CELL }}>
          {made.map(({ panel, series }) => {
            const { x, y, w, h } = panel.gridPos;
            const box = { position: 'absolute', left: x * column, top: y * CELL, width: w * column - GAP, height: h * CELL - GAP } as const;
            if (panel.type === 'row') {
              return <div key={panel.id} style={{ ...box, fontWeight: 500 }}>{panel.title}</div>;
            }
            return (
              <div key={panel.id} style={box}>
                <ANY.PanelChrome title={panel.title} width={box.width} height={box.height} padding="md" description={panel.description}>
                  {(width: number, height: number) => (
                    <Guard title={panel.title}>
                      <Body panel={panel} series={series} width={width} height={height} from={from} to={to} />
                    </Guard>
                  )}
                </ANY.PanelChrome>
              </div>
            );
          })}
        </div>
      </div>
    </ThemeContext.Provider>
  );
  requestAnimationFrame(() => setTimeout(() => document.body.setAttribute('data-drawn', 'yes'), 1500));
}

async function chatModule() {
  const rxjs = await import('rxjs');
  const shared: Record<string, unknown> = {
    react: React, rxjs, '@emotion/css': await import('@emotion/css'), '@grafana/data': await import('@grafana/data'), '@grafana/runtime': await import('@grafana/runtime'), '@grafana/ui': ui,
  };
  (window as any).define = (names: string[], factory: (...given: unknown[]) => { plugin: unknown }) => {
    (window as any).plugin = factory(...names.map((name) => shared[name])).plugin;
  };
  const script = document.createElement('script');
  script.src = '/plugin/module.js';
  await new Promise((done) => {
    script.onload = script.onerror = done;
    document.head.appendChild(script);
  });
}

start().catch((error) => {
  document.body.textContent = `page failed: ${error?.stack ?? error}`;
});
