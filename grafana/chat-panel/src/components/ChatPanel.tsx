import React, { KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { PanelProps } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';
import { Subscription } from 'rxjs';
import { ask, failure, LONGEST_QUESTION } from '../ask';
import { chosen, contextOf } from '../context';
import { forget, keep, past } from '../history';
import { Context, defaults, Options, Turn } from '../types';
import { getStyles } from './styles';
import { TurnView } from './TurnView';

/** Panels narrower than this put the buttons below the input. */
const NARROW = 420;

export function ChatPanel({ options, width, timeRange, replaceVariables }: PanelProps<Options>) {
  const styles = useStyles2(getStyles);
  const uid = options.datasourceUid || defaults.datasourceUid;
  const dimensions = options.dimensions ?? defaults.dimensions;
  const [turns, setTurns] = useState<Turn[]>([]);
  const [text, setText] = useState('');
  const [conversation, setConversation] = useState<string | null>(null);
  const [questions, setQuestions] = useState<string[]>(() => past(uid));
  const [showPast, setShowPast] = useState(false);
  const [off, setOff] = useState<Set<string>>(
    () => new Set([...(options.sendTime ? [] : ['time']), ...(options.sendContext === false ? dimensions : [])])
  );
  const running = useRef<Subscription | null>(null);
  const input = useRef<HTMLTextAreaElement | null>(null);
  const log = useRef<HTMLDivElement | null>(null);
  const recalled = useRef(-1);
  const next = useRef(1);
  const waiting = turns.some((turn) => turn.state === 'waiting');
  const context = contextOf(dimensions, replaceVariables, timeRange, off);

  useEffect(() => () => running.current?.unsubscribe(), []);
  useEffect(() => {
    // To the question asked last, so that its answer is read from its beginning; the dashboard around stays where it is.
    const question = log.current?.querySelector('article:last-of-type');
    if (log.current && question instanceof HTMLElement) {
      log.current.scrollTop = question.offsetTop - log.current.offsetTop;
    }
  }, [turns]);

  // A link to a dashboard can bring a question in variable "ask": it is put into the input, not asked.
  const asked = chosen('ask', replaceVariables).join('');
  useEffect(() => {
    if (asked) {
      setText(asked);
    }
  }, [asked]);

  const change = (id: number, changed: Partial<Turn>) => setTurns((known) => known.map((turn) => (turn.id === id ? { ...turn, ...changed } : turn)));

  const send = (question: string, along: Context) => {
    const wanted = question.trim().slice(0, LONGEST_QUESTION);
    if (!wanted || waiting) {
      return;
    }
    const id = next.current++;
    setTurns((known) => [...known, { id, question: wanted, context: along, state: 'waiting' }]);
    setQuestions(keep(uid, wanted));
    setText('');
    setShowPast(false);
    recalled.current = -1;
    let answered = false;
    // A conversation remembers what its questions were filtered by: with another context it would go on answering for the old one.
    const before = [...turns].reverse().find((turn) => turn.state === 'answered')?.context;
    const same = before === undefined || JSON.stringify(before) === JSON.stringify(along);
    running.current = ask(uid, wanted, same ? conversation : null, along, timeRange).subscribe({
      next: (answer) => {
        answered = true;
        change(id, { state: 'answered', answer });
        setConversation(answer.conversation || null);
      },
      error: (error: unknown) => {
        change(id, { state: 'failed', error: failure(error) });
        input.current?.focus();
      },
      complete: () => {
        if (!answered) {
          change(id, { state: 'failed', error: failure(new Error('no answer came')) });
        }
        input.current?.focus();
      },
    });
  };

  const cancel = () => {
    running.current?.unsubscribe();
    setTurns((known) => known.map((turn) => (turn.state === 'waiting' ? { ...turn, state: 'cancelled' } : turn)));
    input.current?.focus();
  };

  const startAnew = () => {
    cancel();
    setTurns([]);
    setConversation(null);
    input.current?.focus();
  };

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send(text, context);
    } else if (event.key === 'Escape' && waiting) {
      cancel();
    } else if (event.key === 'ArrowUp' && (text === '' || recalled.current >= 0) && recalled.current + 1 < questions.length) {
      event.preventDefault();
      recalled.current += 1;
      setText(questions[recalled.current]);
    } else if (event.key === 'ArrowDown' && recalled.current >= 0) {
      event.preventDefault();
      recalled.current -= 1;
      setText(recalled.current >= 0 ? questions[recalled.current] : '');
    }
  };

  const last = [...turns].reverse().find((turn) => turn.state === 'answered')?.answer;
  const starters = options.suggestions?.length ? options.suggestions : defaults.suggestions;
  const offered = waiting ? [] : turns.length === 0 ? starters : (last?.suggestions ?? []);
  const chips = useMemo(() => [...dimensions.filter((name) => chosen(name, replaceVariables).length > 0), 'time'], [dimensions, replaceVariables]);
  const toggle = (name: string) =>
    setOff((known) => {
      const changed = new Set(known);
      if (!changed.delete(name)) {
        changed.add(name);
      }
      return changed;
    });
  const label = (name: string) =>
    name === 'time'
      ? `${timeRange.from.toISOString().slice(0, 10)} to ${timeRange.to.toISOString().slice(0, 10)}`
      : `${name.replaceAll('_', ' ')}: ${chosen(name, replaceVariables).join(', ')}`;

  return (
    <section className={styles.panel} aria-label="Ask about sales">
      <div className={styles.log} role="log" aria-live="polite" aria-label="Questions and answers" aria-busy={waiting} tabIndex={0} ref={log}>
        {turns.length === 0 && <div className={styles.empty}>Ask about sales in your own words. Every answer comes with its rows and its SQL.</div>}
        {turns.map((turn) => (
          <TurnView
            key={turn.id}
            turn={turn}
            width={width}
            styles={styles}
            showSql={options.showSql !== false}
            datasourceUid={uid}
            onRetry={(failed) => send(failed.question, failed.context)}
            onCancel={cancel}
          />
        ))}
        {offered.length > 0 && (
          <div className={styles.chips} role="group" aria-label="Suggested questions">
            {offered.map((question) => (
              <button key={question} type="button" className={styles.chip} onClick={() => send(question, context)}>
                {question}
              </button>
            ))}
          </div>
        )}
      </div>
      {showPast && (
        <div className={styles.chips} role="group" aria-label="Questions you asked before">
          {questions.slice(0, 10).map((question) => (
            <button key={question} type="button" className={styles.chip} onClick={() => (setText(question), setShowPast(false), input.current?.focus())}>
              {question}
            </button>
          ))}
          <Button size="sm" fill="text" variant="secondary" onClick={() => (forget(uid), setQuestions([]), setShowPast(false))}>
            Clear
          </Button>
        </div>
      )}
      <div className={styles.chips} role="group" aria-label="What goes along with the question">
        {chips.map((name) => (
          <button key={name} type="button" className={styles.chip} aria-pressed={!off.has(name)} onClick={() => toggle(name)}>
            {label(name)}
          </button>
        ))}
      </div>
      <div className={width < NARROW ? `${styles.composer} ${styles.narrow}` : styles.composer}>
        <textarea
          ref={input}
          className={styles.input}
          aria-label="Your question"
          placeholder={turns.length > 0 ? 'Ask on, or something else' : 'Why did revenue change last month?'}
          rows={1}
          maxLength={LONGEST_QUESTION}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <Button onClick={() => send(text, context)} disabled={waiting || text.trim() === ''}>
          Ask
        </Button>
      </div>
      <div className={styles.footer}>
        <Button size="sm" fill="text" variant="secondary" disabled={turns.length === 0} onClick={startAnew}>
          New chat
        </Button>
        <Button size="sm" fill="text" variant="secondary" disabled={questions.length === 0} aria-expanded={showPast} onClick={() => setShowPast(!showPast)}>
          History
        </Button>
        <span>Figures come from the database; check what is not verified.</span>
      </div>
    </section>
  );
}
