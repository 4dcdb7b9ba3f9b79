-- What was delivered beside what was recomputed (contract §6): money and counts to the letter, other figures to 1e-9 of their size.
-- Of each file the rows that are unlike: with `same`, `delivered` and `recomputed` cell by cell, in the order of `names`; a side that lacks the
-- row has NULL there. `times`: how often it was delivered.


-- --- indicators.csv ----------------------------------------------------------------------------------------------------

CREATE TABLE delivered_indicator AS
SELECT f.* REPLACE (plain(f.indicator) AS indicator), s.slice, count(*) OVER (PARTITION BY f.indicator, f.scope, f.level, f.area, s.slice) AS times
FROM delivered_indicator_file f NATURAL JOIN cells_wide JOIN cells USING (cells) JOIN slice s ON s.categories = cells.categories;

CREATE TABLE unlike_indicator AS
SELECT indicator, scope, level, area, slice, times,
       ['numerator', 'denominator', 'value', 'contributions', 'derived', 'progress', 'baseline', 'target'] AS names,
       [near(d.numerator, r.numerator), near(d.denominator, r.denominator),
        CASE WHEN r.measure = 'money' THEN d.value = r.money ELSE near(d.value, r.value) END,
        d.contributions = CAST(r.contributions AS VARCHAR), d.derived = CASE WHEN r.derived THEN 'yes' ELSE '' END,
        near(d.progress, r.progress), near(d.baseline, r.baseline), near(d.target, r.target)] AS same,
       CASE WHEN d.times IS NOT NULL THEN [d.numerator, d.denominator, d.value, d.contributions, d.derived, d.progress, d.baseline, d.target] END AS delivered,
       CASE WHEN r.measure IS NOT NULL
            THEN [CAST(r.numerator AS VARCHAR), CAST(r.denominator AS VARCHAR), coalesce(r.money, CAST(r.value AS VARCHAR)), CAST(r.contributions AS VARCHAR),
                  CASE WHEN r.derived THEN 'yes' END, CAST(r.progress AS VARCHAR), CAST(r.baseline AS VARCHAR), CAST(r.target AS VARCHAR)] END AS recomputed
FROM delivered_indicator d FULL JOIN recomputed_indicator r USING (indicator, scope, level, area, slice)
WHERE d.times IS NULL OR d.times > 1 OR r.measure IS NULL OR NOT list_bool_and(same);

-- A figure's slice names its dimensions in the order of the indicator's own logframe row.
CREATE TABLE unlike_indicator_named AS
SELECT 'indicators/' || u.scope || '/' || u.level || '/' || u.area || '/' || u.indicator || coalesce(n.slice_text, '') AS figure, u.names, u.same, u.delivered, u.recomputed, u.times
FROM unlike_indicator u
LEFT JOIN (
    SELECT x.indicator, x.slice, string_agg('/' || dimension.name || '=' || s.categories[dimension.place], '' ORDER BY coalesce(o.turn, 1000 + dimension.place)) AS slice_text
    FROM (SELECT DISTINCT indicator, slice FROM unlike_indicator) x JOIN slice s USING (slice)
    CROSS JOIN dimension LEFT JOIN dimension_order o ON o.indicator = x.indicator AND o.place = dimension.place
    WHERE s.categories[dimension.place] <> '' GROUP BY ALL
) n USING (indicator, slice);


-- --- sdg.csv and finance.csv -------------------------------------------------------------------------------------------

CREATE TABLE unlike_sdg AS
SELECT 'sdg/' || scope || '/' || kind || '/' || sdg AS figure,
       ['activities_main', 'activities_significant', 'women', 'men', 'other', 'unknown', 'expenditure_eur'] AS names,
       CASE WHEN d.times IS NOT NULL THEN [d.activities_main, d.activities_significant, d.women, d.men, d.other, d.unknown, d.expenditure_eur] END AS delivered,
       CASE WHEN r.cents IS NOT NULL
            THEN [CAST(r.activities_main AS VARCHAR), CAST(r.activities_significant AS VARCHAR), CAST(r.women AS VARCHAR), CAST(r.men AS VARCHAR),
                  CAST(r.other AS VARCHAR), CAST(r.unknown AS VARCHAR), euros(r.cents)] END AS recomputed,
       list_transform(names, lambda name, place: delivered[place] = recomputed[place]) AS same, d.times
FROM (SELECT *, count(*) OVER (PARTITION BY scope, kind, sdg) AS times FROM delivered_sdg_file) d FULL JOIN recomputed_sdg r USING (scope, kind, sdg)
WHERE d.times IS NULL OR d.times > 1 OR r.cents IS NULL OR NOT list_bool_and(same);

CREATE TABLE unlike_finance AS
SELECT 'finance/' || heading AS figure, ['budget_eur', 'period_eur', 'previous_eur', 'cumulative_eur', 'variation_eur', 'variation_pct'] AS names,
       CASE WHEN d.times IS NOT NULL THEN [d.budget_eur, d.period_eur, d.previous_eur, d.cumulative_eur, d.variation_eur, d.variation_pct] END AS delivered,
       CASE WHEN r.budget IS NOT NULL
            THEN [euros(r.budget), euros(r.period), euros(r.previous), euros(r.cumulative), euros(r.variation), CAST(r.variation_pct AS VARCHAR)] END AS recomputed,
       list_transform(names, lambda name, place: CASE name WHEN 'variation_pct' THEN near(d.variation_pct, r.variation_pct) ELSE delivered[place] = recomputed[place] END) AS same,
       d.times
FROM (SELECT *, count(*) OVER (PARTITION BY heading) AS times FROM delivered_finance_file) d FULL JOIN recomputed_finance r USING (heading)
WHERE d.times IS NULL OR d.times > 1 OR r.budget IS NULL OR NOT list_bool_and(same);


-- --- expenditure.csv: rate, EUR and role of each row -------------------------------------------------------------------

CREATE TABLE unlike_line AS
SELECT 'expenditure/' || member || '/' || submission || '/' || sheet_row AS figure, ['rate', 'amount_eur', 'cost'] AS names,
       [near(rate, CAST(rate_used AS DOUBLE)), coalesce(amount_eur = euros(cents), false), cost = CASE WHEN is_cost THEN 'yes' ELSE '' END] AS same,
       [rate, amount_eur, cost] AS delivered, [rate_used, euros(cents), CASE WHEN is_cost THEN 'yes' END] AS recomputed, 1 AS times
FROM line WHERE NOT list_bool_and(same);


-- --- rows that cannot be reckoned with ---------------------------------------------------------------------------------

CREATE TABLE unread AS
SELECT 'indicator_rows/' || r.member || '/' || r.submission || '/' || r.sheet_row AS figure, 'indicator' AS name, r.indicator AS delivered, 'in no logframe row valid in ' || r.cycle AS recomputed
FROM indicator_row r JOIN cycle c ON c.code = r.cycle WHERE NOT EXISTS (SELECT 1 FROM logframe l WHERE l.cycle = c.number AND l.indicator = r.indicator)
UNION ALL
SELECT 'indicator_rows/' || r.member || '/' || r.submission || '/' || r.sheet_row, 'value',
       CASE WHEN is_pair AND measure = 'percentage' THEN r.numerator || ' / ' || r.denominator ELSE r.value END, 'no number, or too long to reckon with'
FROM indicator_row r JOIN report_read USING (place) WHERE NOT fits
UNION ALL
SELECT 'activities/' || member || '/' || submission || '/' || sheet_row, name, cell, 'no whole number, or too long to reckon with'
FROM (UNPIVOT (SELECT * FROM activity_row JOIN (SELECT code AS cycle FROM cycle) USING (cycle)) ON women, men, other, unknown INTO NAME name VALUE cell)
WHERE cell <> '' AND coalesce(abs(whole(cell, 0)) >= ten_to(18), true)
UNION ALL
SELECT sheet || '/' || member || '/' || submission || '/' || sheet_row, 'cycle', cycle, 'no cycle of this report'
FROM (SELECT 'indicator_rows' AS sheet, member, submission, sheet_row, cycle FROM indicator_row
      UNION ALL SELECT 'activities', member, submission, sheet_row, cycle FROM activity_row
      UNION ALL SELECT 'expenditure', member, submission, sheet_row, cycle FROM expenditure_row)
WHERE cycle NOT IN (SELECT code FROM cycle);


-- --- all of them -------------------------------------------------------------------------------------------------------

CREATE TABLE unlike AS
SELECT 1 AS file, figure, '' AS separator, names, same, delivered, recomputed, times FROM unlike_indicator_named
UNION ALL SELECT 2, figure, '/', names, same, delivered, recomputed, times FROM unlike_sdg
UNION ALL SELECT 3, figure, '/', names, same, delivered, recomputed, times FROM unlike_finance
UNION ALL SELECT 4, figure, '', names, same, delivered, recomputed, times FROM unlike_line;

-- All cells of a row in one text, for a row that only one side has.
CREATE MACRO in_words(names, cells) AS
    list_aggregate(list_filter(list_transform(names, lambda name, place: name || ' ' || nullif(cells[place], '')), lambda text: text IS NOT NULL), 'string_agg', ', ');

CREATE TABLE difference AS
SELECT file, CASE separator WHEN '/' THEN figure || '/' || name ELSE figure END AS figure, name, coalesce(delivered, '') AS delivered, coalesce(recomputed, '') AS recomputed
FROM (SELECT file, figure, separator, unnest(names) AS name, unnest(same) AS same, unnest(delivered) AS delivered, unnest(recomputed) AS recomputed
      FROM unlike WHERE delivered IS NOT NULL AND recomputed IS NOT NULL)
WHERE NOT coalesce(same, false)
UNION ALL
SELECT file, figure, 'row', coalesce(in_words(names, delivered), 'no such row'), coalesce(in_words(names, recomputed), 'no such row')
FROM unlike WHERE delivered IS NULL OR recomputed IS NULL
UNION ALL
SELECT DISTINCT file, figure, 'row', times || ' times', 'once' FROM unlike WHERE times > 1
UNION ALL
SELECT 5, figure, name, delivered, recomputed FROM unread;
