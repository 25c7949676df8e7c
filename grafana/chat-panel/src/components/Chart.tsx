import React from 'react';
import { useTheme2 } from '@grafana/ui';
import { Row } from '../types';
import { Drawing, numeric, position, show } from '../rows';

const HEIGHT = 150;
const LEFT = 56;
const BOTTOM = 18;
const MOST_SERIES = 6;
const MOST_BARS = 12;

interface Props {
  drawing: Drawing;
  rows: Row[];
  width: number;
}

/** A small chart of an answer's rows; the table below it says the same in figures. */
export function Chart({ drawing, rows, width }: Props) {
  return drawing.kind === 'line' ? <Lines drawing={drawing} rows={rows} width={width} /> : <Bars drawing={drawing} rows={rows} width={width} />;
}

function short(value: number): string {
  return Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

function Lines({ drawing, rows, width }: Props) {
  const theme = useTheme2();
  const palette = theme.visualization.palette.map((name) => theme.visualization.getColorByName(name));
  const named = new Map<string, Row[]>();
  for (const row of rows) {
    const name = drawing.series ? String(row[drawing.series]) : drawing.y;
    named.set(name, [...(named.get(name) ?? []), row]);
  }
  const series = Array.from(named).slice(0, MOST_SERIES);
  // A forecast comes with the past in column value: both make one line, the band says where it ends.
  const height = (row: Row) => numeric(row[drawing.y]) ?? numeric(row.value ?? null);
  const times = rows.map((row) => position(row[drawing.x])!);
  const label = (at: number) => (typeof rows[0][drawing.x] === 'number' ? `${drawing.x.replaceAll('_', ' ')} ${at}` : new Date(at).toISOString().slice(0, 10));
  const first = Math.min(...times);
  const last = Math.max(...times);
  const values = series.flatMap(([, of]) => of.flatMap((row) => [height(row), ...(drawing.band ?? []).map((name) => numeric(row[name]))]));
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) {
    return null;
  }
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low + 1e-9);
  const x = (row: Row) => LEFT + ((position(row[drawing.x])! - first) / Math.max(last - first, 1)) * (width - LEFT - 8);
  const y = (value: number) => 6 + (1 - (value - low) / (high - low)) * (HEIGHT - BOTTOM - 6);
  const line = (of: Row[]) =>
    of.filter((row) => height(row) !== null).map((row, i) => `${i === 0 ? 'M' : 'L'}${x(row).toFixed(1)},${y(height(row)!).toFixed(1)}`).join('');
  const inBand = drawing.band ? rows.filter((row) => drawing.band!.every((name) => numeric(row[name]) !== null)) : [];
  const edge = (name: string, of: Row[]) => of.map((row) => `${x(row).toFixed(1)},${y(numeric(row[name])!).toFixed(1)}`).join(' ');
  return (
    <svg role="img" aria-label={`${drawing.y} over ${drawing.x.replaceAll('_', ' ')}, ${series.length} series, from ${short(low)} to ${short(high)}`} width={width} height={HEIGHT}>
      {[low, (low + high) / 2, high].map((value) => (
        <g key={value}>
          <line x1={LEFT} x2={width - 8} y1={y(value)} y2={y(value)} stroke={theme.colors.border.weak} />
          <text x={LEFT - 6} y={y(value) + 4} textAnchor="end" fontSize={11} fill={theme.colors.text.secondary}>
            {short(value)}
          </text>
        </g>
      ))}
      {drawing.band && inBand.length > 1 && (
        <polygon points={`${edge(drawing.band[1], inBand)} ${edge(drawing.band[0], [...inBand].reverse())}`} fill={palette[0]} opacity={0.2} />
      )}
      {series.map(([name, of], i) => (
        <path key={name} d={line(of)} fill="none" stroke={palette[i % palette.length]} strokeWidth={2}>
          <title>{name}</title>
        </path>
      ))}
      <text x={LEFT} y={HEIGHT - 4} fontSize={11} fill={theme.colors.text.secondary}>
        {label(first)}
      </text>
      <text x={width - 8} y={HEIGHT - 4} textAnchor="end" fontSize={11} fill={theme.colors.text.secondary}>
        {label(last)}
      </text>
    </svg>
  );
}

function Bars({ drawing, rows, width }: Props) {
  const theme = useTheme2();
  const shown = rows.slice(0, MOST_BARS).map((row) => ({ label: String(row[drawing.x] ?? ''), value: numeric(row[drawing.y]) ?? 0 }));
  const most = Math.max(...shown.map((bar) => Math.abs(bar.value)), 1e-9);
  const signed = shown.some((bar) => bar.value < 0);
  const labels = Math.min(width * 0.4, 170);
  const room = width - labels - 70;
  const zero = labels + (signed ? room / 2 : 0);
  const scale = (signed ? room / 2 : room) / most;
  const step = 18;
  return (
    <svg role="img" aria-label={`${drawing.y} of ${shown.length} members, greatest ${short(most)}`} width={width} height={shown.length * step + 4}>
      {shown.map((bar, i) => {
        const length = Math.abs(bar.value) * scale;
        const name = theme.visualization.getColorByName(!signed ? 'blue' : bar.value < 0 ? 'red' : 'green');
        return (
          <g key={`${i}-${bar.label}`}>
            <text x={labels - 6} y={i * step + 13} textAnchor="end" fontSize={11} fill={theme.colors.text.primary}>
              {bar.label.length > 26 ? `${bar.label.slice(0, 25)}…` : bar.label}
              <title>{bar.label}</title>
            </text>
            <rect x={bar.value < 0 ? zero - length : zero} y={i * step + 3} width={Math.max(length, 1)} height={step - 6} fill={name} />
            <text x={(bar.value < 0 ? zero : zero + length) + 4} y={i * step + 13} fontSize={11} fill={theme.colors.text.secondary}>
              {show(drawing.y, bar.value)}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
