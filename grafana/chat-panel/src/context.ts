import { InterpolateFunction, TimeRange } from '@grafana/data';
import { Context } from './types';

/** What a variable of the dashboard has chosen; nothing where there is no such variable or All is chosen. */
export function chosen(name: string, replace: InterpolateFunction): string[] {
  const written = replace(`\${${name}:json}`);
  if (written.includes('${') || replace(`\${${name}:text}`) === 'All') {
    return [];
  }
  try {
    const value: unknown = JSON.parse(written);
    return (Array.isArray(value) ? value : [value]).filter((v): v is string => typeof v === 'string' && v !== '' && v !== '$__all');
  } catch {
    // A single value is written without quotes; the value of All, NULL, is no member.
    return written === '' || written === 'NULL' ? [] : [written];
  }
}

/** The context that a question takes along, less what the viewer has switched off. */
export function contextOf(dimensions: string[], replace: InterpolateFunction, range: TimeRange, off: Set<string>): Context {
  const filter: Record<string, string[]> = {};
  for (const name of dimensions) {
    const members = chosen(name, replace);
    if (members.length > 0 && !off.has(name)) {
      filter[name] = members;
    }
  }
  const period = off.has('time') ? null : { from: range.from.toISOString(), to: range.to.toISOString() };
  return { filter, period };
}
