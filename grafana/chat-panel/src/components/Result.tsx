import React, { useState } from 'react';
import { Button, ClipboardButton } from '@grafana/ui';
import { columns, csv, drawing, numeric, show } from '../rows';
import { Answer } from '../types';
import { Chart } from './Chart';
import { Styles } from './styles';

const FIRST_ROWS = 10;
const MOST_ROWS = 200;

/** The rows an answer stands on: a chart where one serves, and a table. */
export function Result({ answer, width, styles }: { answer: Answer; width: number; styles: Styles }) {
  const [all, setAll] = useState(false);
  const rows = answer.rows;
  if (rows.length === 0) {
    return null;
  }
  const names = columns(rows);
  const chart = drawing(rows, answer.chart);
  const shown = rows.slice(0, all ? MOST_ROWS : FIRST_ROWS);
  const isNumber = (name: string) => (rows.some((row) => numeric(row[name]) !== null) ? '' : undefined);
  return (
    <div>
      {chart && <Chart drawing={chart} rows={rows} width={Math.max(width - 16, 160)} />}
      <div className={styles.scroll} role="region" aria-label="Rows of the answer" tabIndex={0}>
        <table className={styles.table}>
          <thead>
            <tr>
              {names.map((name) => (
                <th key={name} scope="col" data-number={isNumber(name)}>
                  {name.replaceAll('_', ' ')}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row, i) => (
              <tr key={i}>
                {names.map((name) => (
                  <td key={name} data-number={isNumber(name)}>
                    {show(name, row[name])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.about}>
        <span>
          {shown.length < rows.length ? `${shown.length} of ${rows.length} rows` : `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`}
        </span>
        {!all && rows.length > FIRST_ROWS && (
          <Button size="sm" fill="text" variant="secondary" onClick={() => setAll(true)}>
            Show more
          </Button>
        )}
        <ClipboardButton size="sm" fill="text" variant="secondary" icon="copy" getText={() => csv(rows)}>
          Copy as CSV
        </ClipboardButton>
      </div>
    </div>
  );
}
