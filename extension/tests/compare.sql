-- Answers of kpi beside those of SQL written by hand, with and without the rollup; where they differ, the first row that does.
-- By place, not by name; numbers are equal whatever zeros follow.
CREATE FUNCTION pg_temp.compare(kpi_sql text, hand_sql text, columns int)
    RETURNS TABLE (rollup boolean, same boolean, hand_rows int, row_by_kpi jsonb, row_by_hand jsonb) LANGUAGE plpgsql AS $$
DECLARE
    rows_of text := format('SELECT coalesce(jsonb_agg(to_jsonb(r)), ''[]'') FROM (%%s) AS r(%s)', (SELECT string_agg('c' || c, ', ') FROM generate_series(1, columns) AS c));
    by_kpi jsonb; by_hand jsonb;
BEGIN
    EXECUTE format(rows_of, hand_sql) INTO by_hand;
    hand_rows := jsonb_array_length(by_hand);
    FOREACH rollup IN ARRAY '{t,f}'::boolean[] LOOP
        PERFORM set_config('pg_kpi.use_rollup', CASE WHEN rollup THEN 'on' ELSE 'off' END, true);
        EXECUTE format(rows_of, kpi_sql) INTO by_kpi;
        same := by_kpi IS NOT DISTINCT FROM by_hand;
        SELECT k.row, h.row INTO row_by_kpi, row_by_hand
          FROM jsonb_array_elements(by_kpi) WITH ORDINALITY AS k(row, place)
          FULL JOIN jsonb_array_elements(by_hand) WITH ORDINALITY AS h(row, place) USING (place)
         WHERE k.row IS DISTINCT FROM h.row ORDER BY place LIMIT 1;
        RETURN NEXT;
    END LOOP;
END $$;
