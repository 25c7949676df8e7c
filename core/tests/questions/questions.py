"""Writes each .jsonl here from its .txt; `ninth` and `tenth` came from another author as they are.

A line of a .txt is VOICE | [CONTEXT >>] QUESTION | PLAN [|| PLAN ...], a plan FUNCTION [~KEY VALUE ...] with the keys m(etric),
by, f(ilter) and x (exclude) as DIMENSION=MEMBER+MEMBER, p(eriod), b(aseline), g(rain), h(orizon), n (top), d(irection),
model and c(hange). A period `last 3 months` gives two plans: complete and rolling."""
import datetime as dt
import json
import pathlib
import re

ASOF = dict(fifth=dt.date(2025, 9, 17), sixth=dt.date(2026, 7, 9))  # else:
LAST = dt.date(2026, 3, 11)
KEYS = dict(m='metric', by='by', f='filter', x='exclude', p='period', b='baseline', g='grain', h='horizon', n='top',
            d='direction', model='model', c='change')


def last_months(n, asof):
    def shift(day, months):
        total = day.year * 12 + day.month - 1 + months
        return dt.date(total // 12, total % 12 + 1, day.day)
    first = asof.replace(day=1)
    return (f'{shift(first, -n)}..{first - dt.timedelta(1)}', f'{shift(asof, -n) + dt.timedelta(1)}..{asof}')


def plans(text, asof):
    function, *parts = [p.strip() for p in text.strip().split('~')]
    args = {}
    for part in parts:
        key, value = part.split(' ', 1)
        key, value = KEYS[key], value.strip()
        if key in ('filter', 'exclude'):
            dimension, members = value.split('=')
            args.setdefault(key, {})[dimension] = members.split('+')
        elif key == 'by':
            args[key] = value.split(',')
        elif key in ('top', 'horizon'):
            args[key] = int(value)
        elif key == 'change':
            args[key] = {k: float(v) for k, v in (c.split('=') for c in value.split(','))}
        else:
            args[key] = value
    if m := re.fullmatch(r'last (\d+) months', args.get('period', '')):
        return [{'function': function, 'args': {**args, 'period': p}} for p in last_months(int(m[1]), asof)]
    return [{'function': function, 'args': args}]


def main():
    for path in sorted(pathlib.Path(__file__).parent.glob('*.txt')):
        asof = ASOF.get(path.stem, LAST)
        with open(path.with_suffix('.jsonl'), 'w', encoding='utf-8') as out:
            lines = [line for line in path.read_text(encoding='utf-8').splitlines() if line and line[0] != '#']
            for i, line in enumerate(lines, 1):
                voice, question, gold = [part.strip() for part in line.split(' | ')]
                context, question = question.split(' >> ') if ' >> ' in question else (None, question)
                accepted = [plan for text in gold.split('||') for plan in plans(text, asof)]
                entry = {'id': f'{path.stem[:2] if path.stem in ASOF else path.stem[0]}{i:03}', 'q': question}
                if context:
                    entry['context'] = context
                entry |= {'gold': accepted[0]} if len(accepted) == 1 else {'any_of': accepted}
                print(json.dumps(entry | {'tags': [voice]}, ensure_ascii=False), file=out)


if __name__ == '__main__':
    main()
