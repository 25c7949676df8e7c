import React from 'react';
import { config } from '@grafana/runtime';
import { Button, ClipboardButton, LinkButton, LoadingPlaceholder } from '@grafana/ui';
import { safeHtml } from '../markdown';
import { Answer, Turn } from '../types';
import { Result } from './Result';
import { Styles } from './styles';

interface Props {
  turn: Turn;
  width: number;
  styles: Styles;
  showSql: boolean;
  datasourceUid: string;
  onRetry: (turn: Turn) => void;
  onCancel: () => void;
}

/** A question and its answer. */
export function TurnView({ turn, width, styles, showSql, datasourceUid, onRetry, onCancel }: Props) {
  return (
    <article>
      <div className={styles.question}>
        <span className={styles.hiddenText}>You asked: </span>
        {turn.question}
      </div>
      {turn.state === 'waiting' && (
        <div className={styles.about}>
          <LoadingPlaceholder text="Looking at the figures…" className={styles.loading} />
          <Button size="sm" variant="secondary" onClick={onCancel}>
            Cancel
          </Button>
        </div>
      )}
      {turn.state === 'cancelled' && (
        <div className={styles.about}>
          <span>Cancelled.</span>
          <Button size="sm" variant="secondary" onClick={() => onRetry(turn)}>
            Ask again
          </Button>
        </div>
      )}
      {turn.state === 'failed' && turn.error && (
        <div className={styles.failure} role="alert">
          <strong>{turn.error.title}</strong>
          <div>{turn.error.hint}</div>
          <code>{turn.error.detail}</code>
          <Button size="sm" variant="secondary" onClick={() => onRetry(turn)}>
            Retry
          </Button>
        </div>
      )}
      {turn.state === 'answered' && turn.answer && (
        <Answered answer={turn.answer} width={width} styles={styles} showSql={showSql} datasourceUid={datasourceUid} />
      )}
    </article>
  );
}

function Answered({ answer, width, styles, showSql, datasourceUid }: { answer: Answer } & Pick<Props, 'width' | 'styles' | 'showSql' | 'datasourceUid'>) {
  return (
    <div>
      {/* Sanitised: see markdown.ts. */}
      <div className={styles.answer} dangerouslySetInnerHTML={{ __html: safeHtml(answer.answer) }} />
      <div className={styles.about}>
        {answer.verified ? (
          <span className={styles.verified} title="Every figure in the text was found in the rows below">
            ✓ Verified
          </span>
        ) : (
          <span className={styles.unverified} title="Not every figure in the text was traced to a row: check it against the rows below">
            Not verified
          </span>
        )}
        <span>{answer.engine === 'built_in' ? 'worded by pg_kpi' : `worded by ${answer.engine}`}</span>
        {answer.ms !== null && <span>{answer.ms < 1000 ? `${Math.round(answer.ms)} ms` : `${(answer.ms / 1000).toFixed(1)} s`}</span>}
      </div>
      {answer.note && <div className={styles.empty}>{answer.note}</div>}
      <Result answer={answer} width={width} styles={styles} />
      {(answer.plan?.function || (showSql && answer.sql)) && (
        <details className={styles.details}>
          <summary>How this was found</summary>
          {answer.plan?.function && (
            <pre className={styles.code}>{`${answer.plan.function}(${Object.entries(answer.plan.args ?? {})
              .map(([name, value]) => `${name} => ${JSON.stringify(value)}`)
              .join(', ')})`}</pre>
          )}
          {showSql && answer.sql && (
            <>
              <pre className={styles.code}>{answer.sql}</pre>
              <ClipboardButton size="sm" variant="secondary" icon="copy" getText={() => answer.sql}>
                Copy SQL
              </ClipboardButton>{' '}
              <LinkButton size="sm" variant="secondary" icon="compass" href={exploreUrl(answer.sql, datasourceUid)}>
                Open in Explore
              </LinkButton>
            </>
          )}
        </details>
      )}
    </div>
  );
}

function exploreUrl(sql: string, uid: string): string {
  const datasource = { type: 'grafana-postgresql-datasource', uid };
  const panes = {
    a: { datasource: uid, queries: [{ refId: 'A', datasource, rawSql: sql, format: 'table', rawQuery: true, editorMode: 'code' }], range: { from: 'now-1y', to: 'now' } },
  };
  return `${config.appSubUrl ?? ''}/explore?schemaVersion=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}
