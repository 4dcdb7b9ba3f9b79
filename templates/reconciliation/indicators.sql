-- Contract §5, Indicators: from the accepted rows (indicator_row) to recomputed_indicator, a row per figure of indicators.csv.


-- --- slices ------------------------------------------------------------------------------------------------------------

-- The dimensions of the files' rows, each combination once; dimension_1, dimension_2, … stand in the order of
-- the logframe; dimension_0 is empty and comes last.
CREATE TABLE cells_wide AS
SELECT *, row_number() OVER () AS cells
FROM (SELECT COLUMNS('^dimension_') FROM indicator_file UNION BY NAME SELECT COLUMNS('^dimension_') FROM delivered_indicator_file);

CREATE TABLE cells AS SELECT cells, list_transform(list_value(*COLUMNS('^dimension_')), lambda category: plain(category)) AS categories FROM cells_wide;

CREATE TABLE indicator_row AS
SELECT place, member, submission, CAST(sheet_row AS BIGINT) AS sheet_row, plain(indicator) AS indicator, country, value, numerator, denominator, has_text, derived_from, cycle, cells
FROM indicator_file NATURAL JOIN cells_wide;

-- A slice is the list of its categories in the order of the files' columns, '' for all. Each cycle's rows are read by the logframe rows valid
-- in it (§2): a dimension that the indicator does not have there does not count.
CREATE TABLE slice_read AS
SELECT r.cells, r.cycle, r.indicator, c.number AS cycle_number,
       list_transform(cells.categories, lambda category, place: CASE WHEN substr(l.counts, place, 1) = '1' THEN category ELSE '' END) AS categories
FROM (SELECT DISTINCT cells, cycle, indicator FROM indicator_row) r
JOIN cells USING (cells) JOIN cycle c ON c.code = r.cycle JOIN logframe l ON l.cycle = c.number AND l.indicator = r.indicator;

CREATE TABLE slice AS
SELECT categories, row_number() OVER (ORDER BY categories) AS slice, len(list_filter(categories, lambda category: category <> '')) = 0 AS is_total
FROM (SELECT categories FROM slice_read UNION SELECT categories FROM cells);


-- --- rows as reports: one contribution in one cycle --------------------------------------------------------------------

-- How many decimals an indicator's figures have, so that they can be added as whole numbers. What lies beyond 15 is cut off: it is far below what is
-- compared. A mean over n cycles is Σ/n; to keep it whole, every value is counted in parts of `shares`, a number that all possible n divide.
-- Up to `largest` no sum can outgrow HUGEINT.
CREATE TABLE unit AS
WITH figure AS (
    SELECT indicator, greatest(places_of(value), places_of(numerator), places_of(denominator)) AS places FROM indicator_row
    UNION ALL SELECT indicator, places_of(baseline) FROM assignment)
SELECT indicator, least(15, max(figure.places)) AS places, ten_to(least(15, max(figure.places))) AS one, any_value(shares) AS shares, one * any_value(shares) AS part,
       CAST('170141183460469231731687303715884105727' AS HUGEINT) // (400 * any_value(shares) * (1 + count(*))) AS largest
FROM figure, constant GROUP BY indicator;

-- "Missing is never zero: a row without a figure (or, if qualitative, without text) counts as not reported" (§3).
-- Figures are whole numbers of 1/one. A yes is 1 of 1, a no 0 of 1 (rule 5). A percentage with both of its pair is a pair, else a value alone.
-- `at` orders the reports of a contribution in time.
CREATE TABLE report_read AS
SELECT r.place, r.indicator, r.member, r.country, s.slice, s.is_total, x.cycle_number AS cycle, x.cycle_number * 1000000000 + r.sheet_row AS at, d.measure,
       r.derived_from <> '' AS derived,
       d.measure = 'yes_no' OR (d.measure = 'percentage' AND r.numerator <> '' AND r.denominator <> '') AS is_pair,
       CASE WHEN d.measure NOT IN ('yes_no', 'qualitative') AND NOT is_pair THEN whole(r.value, places) END AS amount,
       CASE WHEN d.measure = 'yes_no' THEN CASE r.value WHEN 'yes' THEN one WHEN 'no' THEN 0 END
            WHEN is_pair THEN whole(r.numerator, places) END AS top,
       CASE WHEN d.measure = 'yes_no' THEN one WHEN is_pair THEN whole(r.denominator, places) END AS bottom,
       d.measure = 'qualitative'
           OR coalesce(CASE WHEN is_pair THEN greatest(abs(top), abs(bottom)) ELSE abs(amount) END <= largest AND (amount IS NULL) = is_pair, false)
           AND (NOT is_pair OR (top IS NOT NULL AND bottom IS NOT NULL)) AS fits
FROM indicator_row r
JOIN slice_read x ON x.cells = r.cells AND x.cycle = r.cycle AND x.indicator = r.indicator
JOIN slice s ON s.categories = x.categories
JOIN definition d ON d.indicator = r.indicator
JOIN unit ON unit.indicator = r.indicator
WHERE CASE WHEN d.measure = 'qualitative' THEN r.has_text ELSE r.value <> '' OR is_pair END;

CREATE VIEW report AS SELECT * FROM report_read WHERE fits;


-- --- contributions: (indicator, member, country, slice) in a scope -----------------------------------------------------

-- Rules 1, 4 and 5, the steps across periods: what was reported in the cycles of the scope, and the latest of it.
CREATE TABLE in_scope AS
SELECT scope.scope, r.indicator, r.member, r.country, r.slice, any_value(r.is_total) AS is_total,
       count(*) AS reports, sum(r.amount) AS amount_sum, max(r.amount) AS amount_max, arg_max(r.amount, r.at) AS amount_latest,
       sum(r.top) AS top_sum, sum(r.bottom) AS bottom_sum, arg_max(r.top, r.at) AS top_latest, arg_max(r.bottom, r.at) AS bottom_latest,
       max(r.at) FILTER (r.is_pair) AS pair_at, max(r.at) FILTER (r.amount IS NOT NULL) AS amount_at,
       bool_or(r.derived) AS derived_any, arg_max(r.derived, r.at) AS derived_latest
FROM report r JOIN scope ON r.cycle BETWEEN scope.first AND scope.last
GROUP BY scope.scope, r.indicator, r.member, r.country, r.slice;

-- Rule 2: "the latest value before the first cycle concerned", for cumulative figures of a scope that does not begin with the contract.
CREATE TABLE before_scope AS
SELECT scope.scope, r.indicator, r.member, r.country, r.slice, arg_max(r.amount, r.at) AS amount, arg_max(r.derived, r.at) AS derived
FROM report r JOIN definition d ON d.indicator = r.indicator AND d.value_kind = 'cumulative' AND d.measure IN ('number', 'people', 'money')
JOIN scope ON r.cycle < scope.first AND scope.scope <> 'cumulative'
GROUP BY scope.scope, r.indicator, r.member, r.country, r.slice;

-- "… if none, the member's baseline in assignments.csv": that of the row valid in the first cycle concerned, else the first that has one. Total slice only.
CREATE TABLE member_baseline AS
SELECT scope.scope, a.member, a.indicator, a.country, whole(arg_min(a.baseline, (CASE WHEN scope.first BETWEEN a.first AND a.last THEN 0 ELSE 1 END, a.place)), any_value(places)) AS amount
FROM assignment a JOIN unit ON unit.indicator = a.indicator CROSS JOIN scope
WHERE scope.scope <> 'cumulative'
GROUP BY scope.scope, a.member, a.indicator, a.country;

-- A contribution's figure: `amount` in 1/part, or the pair in 1/one. Where a percentage has pairs and values alone, `latest` takes the last report
-- whatever it is, `sum` takes the pairs.
CREATE TABLE contribution AS
SELECT c.scope, c.indicator, c.member, c.country, c.slice, d.measure, d.across_members,
       c.pair_at IS NOT NULL AND (d.across_periods = 'sum' OR c.amount_at IS NULL OR c.pair_at > c.amount_at) AS shows_pair,
       d.measure = 'percentage' AND NOT shows_pair AS value_only,
       CASE WHEN d.value_kind = 'cumulative' AND c.scope <> 'cumulative' AND d.measure <> 'percentage'
                THEN (c.amount_latest - coalesce(b.amount, CASE WHEN c.is_total THEN m.amount END, 0)) * u.shares
            WHEN d.measure = 'percentage' OR d.across_periods = 'latest' THEN c.amount_latest * u.shares
            WHEN d.across_periods = 'sum' THEN c.amount_sum * u.shares
            WHEN d.across_periods = 'max' THEN c.amount_max * u.shares
            WHEN d.across_periods = 'mean' THEN c.amount_sum * (u.shares // c.reports) END AS amount,
       CASE WHEN d.across_periods = 'sum' THEN c.top_sum ELSE c.top_latest END AS top,
       CASE WHEN d.across_periods = 'sum' THEN c.bottom_sum ELSE c.bottom_latest END AS bottom,
       -- Derived is a figure of which a row that went into it was.
       CASE WHEN d.across_periods = 'latest' THEN c.derived_latest OR coalesce(b.derived, false) ELSE c.derived_any END AS derived
FROM in_scope c JOIN definition d USING (indicator)
LEFT JOIN before_scope b USING (scope, indicator, member, country, slice)
LEFT JOIN member_baseline m ON m.scope = c.scope AND m.member = c.member AND m.indicator = c.indicator AND m.country = c.country
JOIN unit u ON u.indicator = c.indicator;


-- --- levels ------------------------------------------------------------------------------------------------------------

-- Rule 3: per slice over all contributions of the network, a member, a country. Rule 4: Σ numerator / Σ denominator; a value alone is in no total (§4).
CREATE TABLE combined AS
SELECT scope, indicator, slice, CASE WHEN GROUPING(member) = 0 THEN 'member' WHEN GROUPING(country) = 0 THEN 'country' ELSE 'network' END AS level,
       coalesce(member, country, '') AS area,
       sum(amount) AS amount_sum, max(amount) AS amount_max, sum(top) AS top, sum(bottom) AS bottom, count(*) AS contributions, bool_or(derived) AS derived
FROM contribution
WHERE across_members <> 'none' AND measure <> 'qualitative' AND NOT value_only
GROUP BY GROUPING SETS ((scope, indicator, slice), (scope, indicator, slice, member), (scope, indicator, slice, country));

-- `none`: "member figures only, one row if the member has a single contribution, else one per country (area member/country)"; so are texts (rule 5)
-- and percentages given as a value only.
CREATE TABLE single AS
SELECT scope, indicator, slice, 'member' AS level, CASE WHEN of_member = 1 THEN member ELSE member || '/' || country END AS area,
       amount AS amount_sum, amount AS amount_max, top, bottom, 1 AS contributions, derived, value_only
FROM (SELECT *, count(*) OVER (PARTITION BY scope, indicator, slice, member) AS of_member FROM contribution)
WHERE across_members = 'none' OR measure = 'qualitative' OR value_only;


-- --- figures -----------------------------------------------------------------------------------------------------------

-- The value as a fraction: mean is the plain mean of the contributions, a percentage 100 × numerator / denominator (empty for a denominator of 0),
-- yes_no its numerator. Money has two decimals (§6).
CREATE TABLE recomputed_indicator AS
WITH figure AS (
    SELECT scope, indicator, slice, level, area, amount_sum, amount_max, top, bottom, contributions, derived, false AS value_only FROM combined
    UNION ALL BY NAME SELECT * FROM single
), fraction AS (
    SELECT f.*, one, d.measure, d.baseline, d.target, s.is_total AND level = 'network' AS has_target,
           d.measure IN ('percentage', 'yes_no') AND NOT value_only AS is_pair,
           CASE WHEN d.measure = 'percentage' AND is_pair THEN 100 * top
                WHEN d.measure = 'yes_no' THEN top
                WHEN d.across_members = 'max' THEN amount_max ELSE amount_sum END AS value_top,
           CASE WHEN d.measure = 'percentage' AND is_pair THEN nullif(bottom, 0)
                WHEN d.measure = 'yes_no' THEN one
                WHEN d.across_members = 'mean' THEN part * contributions ELSE part END AS value_bottom
    FROM figure f JOIN definition d USING (indicator) JOIN slice s USING (slice) JOIN unit USING (indicator)
)
SELECT scope, indicator, slice, level, area, contributions, derived, measure,
       CASE WHEN is_pair THEN top / one END AS numerator,
       CASE WHEN is_pair THEN bottom / one END AS denominator,
       value_top / value_bottom AS value,
       CASE WHEN measure = 'money' THEN euros(rounded(value_top * 100, value_bottom)) END AS money,
       CASE WHEN has_target THEN baseline END AS baseline,
       CASE WHEN has_target THEN target END AS target,
       -- Rule 6: (cumulative − baseline) / (target − baseline) × 100, for the network's total slice only; empty if target = baseline, never capped.
       CASE WHEN has_target AND scope = 'cumulative' AND target <> baseline THEN (value - baseline) / (target - baseline) * 100 END AS progress
FROM fraction;
