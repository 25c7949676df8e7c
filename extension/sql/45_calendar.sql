-- Days on which sales differ: holidays and promotions, read by forecasts of days.

CREATE TABLE kpi.calendar (
    name text NOT NULL CHECK (name <> ''),
    day date NOT NULL CHECK (isfinite(day)),
    lead int NOT NULL DEFAULT 0 CHECK (lead BETWEEN 0 AND 14),
    lag int NOT NULL DEFAULT 0 CHECK (lag BETWEEN 0 AND 14),
    kind text NOT NULL DEFAULT 'promotion' CHECK (kind IN ('holiday', 'promotion', 'closed')),
    built_in boolean NOT NULL DEFAULT false,
    PRIMARY KEY (name, day)
);
COMMENT ON TABLE kpi.calendar IS 'holidays and promotions: days of one name are alike, and forecasts of days learn their effect; add your own rows';
COMMENT ON COLUMN kpi.calendar.name IS 'the event; each name, and each day of its lead and lag, gets an effect of its own';
COMMENT ON COLUMN kpi.calendar.day IS 'a day of the event';
COMMENT ON COLUMN kpi.calendar.lead IS 'days before that may differ too';
COMMENT ON COLUMN kpi.calendar.lag IS 'days after that may differ too';
COMMENT ON COLUMN kpi.calendar.kind IS 'holiday, promotion or closed';
COMMENT ON COLUMN kpi.calendar.built_in IS 'comes with the extension';

SELECT pg_catalog.pg_extension_config_dump('kpi.calendar', 'WHERE NOT built_in');
GRANT SELECT ON kpi.calendar TO PUBLIC;

-- Lunar holidays of Korea by its own time zone: 2027 and 2028 are a day later than in China.
INSERT INTO kpi.calendar (name, day, lead, lag, kind, built_in)
SELECT h.name, h.day, 1, 1, 'holiday', true
  FROM (SELECT 'Seollal', unnest('{2015-02-19,2016-02-08,2017-01-28,2018-02-16,2019-02-05,2020-01-25,2021-02-12,2022-02-01,
                                   2023-01-22,2024-02-10,2025-01-29,2026-02-17,2027-02-07,2028-01-27,2029-02-13,2030-02-03}'::date[])
        UNION ALL
        SELECT 'Chuseok', unnest('{2015-09-27,2016-09-15,2017-10-04,2018-09-24,2019-09-13,2020-10-01,2021-09-21,2022-09-10,
                                   2023-09-29,2024-09-17,2025-10-06,2026-09-25,2027-09-15,2028-10-03,2029-09-22,2030-09-12}'::date[])) AS h(name, day);

-- The Friday after the fourth Thursday of November.
INSERT INTO kpi.calendar (name, day, kind, built_in)
SELECT '11.11', make_date(y, 11, 11), 'promotion', true FROM generate_series(2015, 2030) AS y
UNION ALL
SELECT 'Black Friday', make_date(y, 11, 1) + (11 - extract(isodow FROM make_date(y, 11, 1))::int) % 7 + 22, 'promotion', true
  FROM generate_series(2015, 2030) AS y;
